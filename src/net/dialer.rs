//! Opens connections to a service by the way that was asked for: its addresses, another place, a Unix socket or a proxy,
//! and TLS on top of it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::UnixStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::NetError;
use super::addresses::{AddressUse, Addresses, Tally};
use super::proxy::Proxy;
use super::stream::{Socket, Stream};
use super::target::{Scheme, Target};
use super::tls::{self, Alpn, InvalidTls, Tls, TlsOptions, UserTls};

/// The way to a service. The default is its own addresses, and TLS as its URL says, with the system's authorities.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// How TLS is used, if the URL asks for it.
    pub tls: TlsOptions,
    /// Where to connect instead of the host and port of the URL.
    pub connect_to: Option<Target>,
    /// Our own addresses, used in turn; empty if the operating system chooses.
    pub sources: Vec<IpAddr>,
    /// A Unix socket to connect to instead of an address.
    pub unix: Option<PathBuf>,
    /// A proxy, which is asked for a tunnel.
    pub proxy: Option<Proxy>,
    /// Whether HTTP/2 is spoken, and not HTTP/1.1.
    pub http2: bool,
}

impl Way {
    /// The way to another service that has certificates of the same authorities.
    #[must_use]
    pub fn to_another(&self) -> Self {
        Self { tls: self.tls.clone(), ..Self::default() }
    }
}

/// Opens the connections of a run, and counts what became of them.
#[derive(Debug)]
pub struct Dialer {
    target: Target,
    path: Path,
    tls: Option<(Tls, ServerName<'static>)>,
    http2: bool,
    handshakes: Mutex<BTreeMap<String, u64>>,
    resumed: AtomicU64,
}

#[derive(Debug)]
enum Path {
    Addresses(Addresses),
    Unix(PathBuf),
    Proxy(Proxy, Addresses),
}

/// The identity of one user for a dialer: what it keeps of TLS from one connection to the next.
#[derive(Clone, Debug)]
pub struct Caller(Option<UserTls>);

/// An open connection, and what it took to open it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) stream: Stream,
    pub(super) tally: Option<Arc<Tally>>,
    pub(super) phases: OpenPhases,
}

/// What it took to open a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenPhases {
    /// From the start to the connection, with the tunnel of a proxy.
    pub connect: Duration,
    /// From there to the end of the TLS handshake; None without TLS.
    pub handshake: Option<Duration>,
}

/// How many handshakes there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handshakes {
    /// By version and cipher suite, such as `TLS 1.3, AES_128_GCM_SHA256`.
    pub by_suite: BTreeMap<String, u64>,
    /// How many of them resumed a session.
    pub resumed: u64,
}

impl Dialer {
    /// Reads the files that the way needs, and connects to nothing yet.
    pub fn new(target: &Target, way: &Way) -> Result<Self, InvalidTls> {
        let tls = match target.scheme() {
            Scheme::Http => None,
            Scheme::Https => {
                let name =
                    tls::server_name(target.host_name()).ok_or_else(|| InvalidTls::Name(target.host().to_owned()))?;
                Some((Tls::read(&way.tls)?, name))
            }
        };
        let addresses = |of: &Target| Addresses::of(of, way.sources.clone());
        let path = match (&way.unix, &way.proxy) {
            (Some(path), _) => Path::Unix(path.clone()),
            (None, Some(proxy)) => Path::Proxy(proxy.clone(), addresses(&proxy.target)),
            (None, None) => Path::Addresses(addresses(way.connect_to.as_ref().unwrap_or(target))),
        };
        let (handshakes, resumed) = (Mutex::default(), AtomicU64::new(0));
        Ok(Self { target: target.clone(), path, tls, http2: way.http2, handshakes, resumed })
    }

    /// The service.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Whether HTTP/2 is spoken.
    pub fn speaks_http2(&self) -> bool {
        self.http2
    }

    /// Whether the certificate of the server is not checked.
    pub fn is_insecure(&self) -> bool {
        self.tls.as_ref().is_some_and(|(tls, _)| tls.is_insecure())
    }

    /// A new user.
    pub fn caller(&self) -> Caller {
        let alpn = if self.http2 { Alpn::Http2 } else { Alpn::Http1 };
        Caller(self.tls.as_ref().map(|(tls, _)| tls.for_a_user(alpn)))
    }

    /// Looks the name up again, if there is one to look up. If that fails, its addresses stay as they are.
    pub async fn look_up(&self) -> Result<(), NetError> {
        match &self.path {
            Path::Addresses(addresses) | Path::Proxy(_, addresses) => addresses.look_up().await,
            Path::Unix(_) => Ok(()),
        }
    }

    /// What became of each address, in the order in which they were found; of those of the proxy, if there is one.
    pub fn uses(&self) -> Vec<AddressUse> {
        self.addresses().map(Addresses::uses).unwrap_or_default()
    }

    /// How long each look-up of the name took.
    pub fn look_ups(&self) -> Vec<Duration> {
        self.addresses().map(Addresses::look_ups).unwrap_or_default()
    }

    /// The handshakes so far.
    pub fn handshakes(&self) -> Handshakes {
        let by_suite = self.handshakes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Handshakes { by_suite, resumed: self.resumed.load(Ordering::Relaxed) }
    }

    fn addresses(&self) -> Option<&Addresses> {
        match &self.path {
            Path::Addresses(addresses) | Path::Proxy(_, addresses) => Some(addresses),
            Path::Unix(_) => None,
        }
    }

    /// Opens a connection for a user.
    pub(super) async fn open(&self, caller: &Caller) -> Result<Opened, NetError> {
        let start = Instant::now();
        let (socket, tally) = self.connect().await?;
        let connect = start.elapsed();
        let (Some((_, name)), Some(UserTls(config))) = (&self.tls, &caller.0) else {
            let phases = OpenPhases { connect, handshake: None };
            return Ok(Opened { stream: Stream::Plain(socket), tally, phases });
        };
        // The future of a handshake is large, and most of the time there is none.
        let handshake = Box::pin(TlsConnector::from(Arc::clone(config)).connect(name.clone(), socket));
        let stream = handshake.await.map_err(|error| NetError::from_handshake(&error))?;
        let connection = stream.get_ref().1;
        if self.http2 && connection.alpn_protocol() != Some(Alpn::Http2.name()) {
            return Err(NetError::Tls("the server does not speak HTTP/2: leave --http2 out".to_owned()));
        }
        self.count_handshake(connection);
        let phases = OpenPhases { connect, handshake: Some(start.elapsed().saturating_sub(connect)) };
        Ok(Opened { stream: Stream::Tls(Box::new(stream)), tally, phases })
    }

    async fn connect(&self) -> Result<(Socket, Option<Arc<Tally>>), NetError> {
        match &self.path {
            Path::Addresses(addresses) => {
                let (stream, tally) = addresses.connect().await?;
                Ok((Socket::Tcp(stream), Some(tally)))
            }
            Path::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(|error| NetError::from_unix(&error))?;
                Ok((Socket::Unix(stream), None))
            }
            Path::Proxy(proxy, addresses) => {
                let (mut stream, tally) = addresses.connect().await.map_err(NetError::of_proxy)?;
                proxy.tunnel(&mut stream, &self.target).await?;
                Ok((Socket::Tcp(stream), Some(tally)))
            }
        }
    }

    fn count_handshake(&self, connection: &rustls::ClientConnection) {
        let version = match connection.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS",
        };
        let suite = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or("unknown");
        let suite = suite.trim_start_matches("TLS13_").trim_start_matches("TLS_");
        let mut handshakes = self.handshakes.lock().unwrap_or_else(PoisonError::into_inner);
        *handshakes.entry(format!("{version}, {suite}")).or_default() += 1;
        if connection.handshake_kind() == Some(rustls::HandshakeKind::Resumed) {
            self.resumed.fetch_add(1, Ordering::Relaxed);
        }
    }
}
