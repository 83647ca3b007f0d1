//! Published ports: `"8080:80"`, `"127.0.0.1:8080:80/tcp"`, `"80"` (any free port), ranges, or a mapping with `published`.

use crate::deploy_check::files::yaml::Node;
use crate::deploy_check::place::{Place, Problem};

/// A port of the machine that is forwarded to a service, or a range of them of which one is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) struct Published {
    /// The address of the machine that it is bound to; empty for all.
    pub(in crate::deploy_check) address: String,
    pub(in crate::deploy_check) port: u16,
    /// The last port of a range of which any is taken; the same as `port` otherwise.
    pub(in crate::deploy_check) last: u16,
    /// The port in the container.
    pub(in crate::deploy_check) inside: u16,
    pub(in crate::deploy_check) udp: bool,
    pub(in crate::deploy_check) place: Place,
}

impl Published {
    /// Whether other machines may reach it.
    pub(in crate::deploy_check) fn is_beyond_this_machine(&self) -> bool {
        let address = self.address.trim_matches(['[', ']']);
        address != "localhost" && !address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether it is bound to every address of this machine.
    pub(in crate::deploy_check) fn is_everywhere(&self) -> bool {
        matches!(self.address.trim_matches(['[', ']']), "" | "0.0.0.0" | "::" | "*")
    }
}

/// The published ports of a service. What is no port is told and left out.
pub(super) fn published(service: &str, node: Option<&Node>, refused: &mut Vec<Problem>) -> Vec<Published> {
    let mut ports = Vec::new();
    for item in node.into_iter().flat_map(Node::list) {
        match one(item) {
            Ok(found) => ports.extend(found),
            Err(why) => refused.push(Problem::new(&item.place, format!("service {service}: {why}"))),
        }
    }
    ports
}

fn one(item: &Node) -> Result<Vec<Published>, String> {
    let (address, port, inside, protocol) = if item.is_map() {
        (item.field("host_ip"), item.field("published"), item.field("target"), item.field("protocol"))
    } else {
        let text = item.string();
        let (text, protocol) = text.split_once('/').unwrap_or((&text, ""));
        match text.rsplit_once(':') {
            None => (String::new(), String::new(), text.to_owned(), protocol.to_owned()),
            Some((host, inside)) => match host.rsplit_once(':') {
                Some((address, port)) => (address.to_owned(), port.to_owned(), inside.to_owned(), protocol.to_owned()),
                None => (String::new(), host.to_owned(), inside.to_owned(), protocol.to_owned()),
            },
        }
    };
    if !matches!(protocol.as_str(), "" | "tcp" | "udp" | "sctp") {
        return Err(format!("{protocol:?} is no protocol of a port"));
    }
    let (inside_first, inside_last) = ends(&inside)?;
    if port.is_empty() || port == "0" {
        return Ok(Vec::new());
    }
    let (first, last) = ends(&port)?;
    let place = item.place.clone();
    let made = |port: u16, last: u16, inside: u16| Published {
        address: address.clone(),
        port,
        last,
        inside,
        udp: protocol == "udp",
        place: place.clone(),
    };
    if inside_first == inside_last {
        return Ok(vec![made(first, last, inside_first)]);
    }
    if last - first != inside_last - inside_first {
        return Err("the two ranges of a port have different lengths".to_owned());
    }
    Ok((first..=last).zip(inside_first..=inside_last).map(|(port, inside)| made(port, port, inside)).collect())
}

/// The first and the last port of `8080` or `8080-8090`.
fn ends(text: &str) -> Result<(u16, u16), String> {
    let number = |text: &str| text.trim().parse::<u16>().map_err(|_| format!("{text:?} is not a port"));
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        return Err(format!("{text:?} is not a range of ports"));
    }
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_stay_on_this_machine() {
        for (address, beyond) in [
            ("127.0.0.1", false),
            ("127.1.2.3", false),
            ("::1", false),
            ("[::1]", false),
            ("localhost", false),
            ("", true),
            ("0.0.0.0", true),
            ("::", true),
            ("192.0.2.1", true),
        ] {
            let place = Place::new(std::path::Path::new("c"), 1);
            let port = Published { address: address.to_owned(), port: 1, last: 1, inside: 1, udp: false, place };
            assert_eq!(port.is_beyond_this_machine(), beyond, "{address:?}");
        }
    }
}
