//! Certificates of an authority of the test's own, made by openssl.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::web::test_folder;

/// An authority, and the folder of its files.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
    name: String,
}

/// A certificate and its private key, both in PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new() -> Self {
        let folder = test_folder("authority");
        let name = folder.file_name().unwrap().display().to_string();
        Self::named(folder, name)
    }

    /// Another authority of the same name, as after a change of its key.
    pub fn successor(&self) -> Self {
        Self::named(test_folder("authority"), self.name.clone())
    }

    fn named(folder: PathBuf, name: String) -> Self {
        let authority = Self { folder, name };
        authority.self_signed("ca", "DNS:nobody.example");
        authority
    }

    /// The certificate of the authority.
    pub fn certificate(&self) -> String {
        self.path("ca.pem")
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// A certificate for these names, such as `DNS:localhost,IP:127.0.0.1`, that is valid for ten days.
    pub fn issue(&self, name: &str, names: &str) -> Identity {
        let key = self.path(&format!("{name}.key"));
        let (request, certificate, names) = (format!("{name}.csr"), format!("{name}.pem"), extension(names));
        self.openssl(&["req", "-newkey", "rsa:2048", "-nodes", "-keyout", &key, "-subj", "/CN=test", "-out", &request]);
        std::fs::write(self.folder.join("extensions"), names).unwrap();
        let by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions"];
        self.openssl(&[&["x509", "-req", "-days", "10", "-in", &request, "-out", &certificate], &by[..]].concat());
        Identity { certificate: self.path(&certificate), key }
    }

    /// A certificate that expired in the year 2020.
    pub fn issue_expired(&self, name: &str, names: &str) -> Identity {
        let identity = self.issue(name, names);
        let configuration = "[ca]\ndefault_ca=a\n[a]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n\
             policy=p\n[p]\ncommonName=supplied\n";
        for (file, text) in [("ca.conf", configuration), ("index", ""), ("serial", "1000\n")] {
            std::fs::write(self.folder.join(file), text).unwrap();
        }
        std::fs::write(self.folder.join("extensions"), extension(names)).unwrap();
        let (request, certificate) = (format!("{name}.csr"), format!("{name}.pem"));
        let files = ["-config", "ca.conf", "-cert", "ca.pem", "-keyfile", "ca.key", "-extfile", "extensions"];
        let when = ["-startdate", "20190101000000Z", "-enddate", "20200101000000Z"];
        let names = ["-batch", "-notext", "-in", &request, "-out", &certificate];
        self.openssl(&[&["ca"], &files[..], &when[..], &names[..]].concat());
        identity
    }

    /// A certificate that signs for itself, and says that it is an authority.
    pub fn self_signed(&self, name: &str, names: &str) -> Identity {
        let (certificate, key) = (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")));
        let names = extension(names);
        let subject = format!("/CN={}", self.name);
        let files = ["-keyout", &key, "-out", &certificate, "-days", "10", "-subj", &subject, "-addext", &names];
        self.openssl(&[&["req", "-x509", "-newkey", "rsa:2048", "-nodes"], &files[..]].concat());
        Identity { certificate, key }
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(&self.folder).output();
        let output = output.expect("openssl is missing: run ops/install --tests");
        assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn extension(names: &str) -> String {
    format!("subjectAltName={names}")
}

impl Drop for Authority {
    fn drop(&mut self) {
        let folder: &Path = &self.folder;
        drop(std::fs::remove_dir_all(folder));
    }
}
