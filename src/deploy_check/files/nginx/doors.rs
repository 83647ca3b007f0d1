//! Where nginx lets clients in: its ports, with or without TLS, and the certificates.

use std::path::PathBuf;

use super::configuration::{Nginx, address, all_of};
use super::reader::Directive;
use crate::deploy_check::files::collect::Files;
use crate::deploy_check::place::Place;

/// A port on which a server of nginx listens.
#[derive(Clone, Debug)]
pub(in crate::deploy_check) struct Door {
    pub(in crate::deploy_check) port: u16,
    pub(in crate::deploy_check) tls: bool,
    /// Whether its server passes requests on. One that only sends clients elsewhere does not.
    pub(in crate::deploy_check) passes: bool,
}

/// A certificate that nginx shows, and its key.
#[derive(Clone, Debug)]
pub(in crate::deploy_check) struct Shown {
    pub(in crate::deploy_check) certificate: String,
    pub(in crate::deploy_check) key: String,
    pub(in crate::deploy_check) place: Place,
}

/// What became of looking for a file of the container.
#[derive(Clone, Debug)]
pub(in crate::deploy_check) enum Lookup {
    Here(PathBuf),
    /// Its folder is on this machine, and it is not in it.
    Missing(PathBuf),
    /// It may be in the image or in a volume.
    Elsewhere,
}

impl Nginx {
    /// Every port of every server.
    pub(in crate::deploy_check) fn doors(&self) -> Vec<Door> {
        let mut doors = Vec::new();
        for server in self.named("server").into_iter().filter(|server| server.opened.is_some()) {
            let passes = all_of(&server.block).iter().any(|one| one.name.ends_with("_pass"));
            let all = server.block.iter().any(|one| one.name == "ssl" && one.argument(0) == "on");
            for listen in server.block.iter().filter(|one| one.name == "listen") {
                let first = listen.argument(0);
                let Some(port) = first.parse().ok().or_else(|| address(first).map(|server| server.port)) else {
                    continue;
                };
                let tls = all || listen.arguments.iter().any(|word| matches!(word.text.as_str(), "ssl" | "quic"));
                doors.push(Door { port, tls, passes });
            }
        }
        doors
    }

    /// The certificates whose paths are constant. A server may have one for each kind of key.
    pub(in crate::deploy_check) fn certificates(&self) -> Vec<Shown> {
        let mut shown = Vec::new();
        for block in self.all().into_iter().filter(|one| matches!(one.name.as_str(), "http" | "server")) {
            let of = |name: &str| block.block.iter().filter(move |one| one.name == name).collect::<Vec<&Directive>>();
            for (certificate, key) in of("ssl_certificate").into_iter().zip(of("ssl_certificate_key")) {
                let (place, certificate, key) = (&certificate.place, certificate.argument(0), key.argument(0));
                let constant =
                    |path: &str| !path.contains('$') && !path.starts_with("data:") && !path.contains("engine:");
                if constant(certificate) && constant(key) {
                    let (certificate, key) = (certificate.to_owned(), key.to_owned());
                    shown.push(Shown { certificate, key, place: place.clone() });
                }
            }
        }
        shown
    }

    /// Where a file is that the configuration names.
    pub(in crate::deploy_check) fn look_up(&self, files: &Files, path: &str) -> Lookup {
        let Some(view) = self.service.as_deref().and_then(|service| files.view(service)) else {
            let own = self.path.parent().unwrap_or(&self.path).join(path);
            return if own.is_file() { Lookup::Here(own) } else { Lookup::Elsewhere };
        };
        let inside = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.folder) };
        if let Some(here) = view.file(&inside) {
            return Lookup::Here(here);
        }
        let folder = inside.rsplit_once('/').and_then(|(folder, _)| view.path(folder)).filter(|here| here.is_dir());
        folder.map_or(Lookup::Elsewhere, |here| Lookup::Missing(here.join(inside.rsplit('/').next().unwrap_or(""))))
    }
}
