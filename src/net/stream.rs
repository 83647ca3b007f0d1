//! What bytes go over: a TCP connection or a Unix socket, plain or in TLS.

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;

/// A connection of the operating system.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// An open connection to a service.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(Socket),
    Tls(Box<TlsStream<Socket>>),
}

/// What came over a connection on which no answer is awaited.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unasked {
    Nothing,
    /// The other side has closed it, or it is broken.
    End,
    /// So many bytes, which are in the buffer.
    Bytes(usize),
}

impl Socket {
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(buffer),
            Self::Unix(stream) => stream.try_read(buffer),
        }
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Unix(stream) => stream.try_write(bytes),
        }
    }
}

impl Stream {
    /// Whether the other end is on this machine.
    pub(super) fn is_local(&self) -> bool {
        match self.socket() {
            Socket::Unix(_) => true,
            Socket::Tcp(stream) => {
                let ends = (stream.local_addr(), stream.peer_addr());
                matches!(ends, (Ok(own), Ok(other)) if own.ip() == other.ip())
            }
        }
    }

    /// The certificate of the other end, if there is TLS.
    pub(super) fn certificate(&self) -> Option<&CertificateDer<'static>> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(stream) => stream.get_ref().1.peer_certificates()?.first(),
        }
    }

    /// Waits until something has come, or the other end has closed it.
    #[cfg(test)]
    pub(super) async fn readable(&self) {
        match self.socket() {
            Socket::Tcp(stream) => stream.readable().await.unwrap(),
            Socket::Unix(stream) => stream.readable().await.unwrap(),
        }
    }

    fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }

    /// What came although nothing was asked for. Makes no system call unless the operating system has announced
    /// something.
    pub(super) async fn unasked(&mut self, buffer: &mut [u8]) -> Unasked {
        match self {
            Self::Plain(socket) => read_result(socket.try_read(buffer)),
            // A record may have come that is for TLS alone, such as a ticket for the next session.
            Self::Tls(stream) => {
                poll_fn(|context| {
                    let mut read = ReadBuf::new(buffer);
                    Poll::Ready(match Pin::new(&mut **stream).poll_read(context, &mut read) {
                        Poll::Pending => Unasked::Nothing,
                        Poll::Ready(result) => read_result(result.map(|()| read.filled().len())),
                    })
                })
                .await
            }
        }
    }
}

fn read_result(result: io::Result<usize>) -> Unasked {
    match result {
        Ok(0) => Unasked::End,
        Ok(count) => Unasked::Bytes(count),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Unasked::Nothing,
        Err(_) => Unasked::End,
    }
}

impl Drop for Stream {
    /// Says that nothing more comes (RFC 8446, section 6.1), as far as that can be done without waiting.
    fn drop(&mut self) {
        let Self::Tls(stream) = self else { return };
        let (socket, tls) = stream.get_mut();
        tls.send_close_notify();
        while tls.wants_write() && matches!(tls.write_tls(&mut Ready(socket)), Ok(1..)) {}
    }
}

/// Writes what can be written at once.
struct Ready<'a>(&'a Socket);

impl io::Write for Ready<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Calls a method of whatever stream it is.
macro_rules! on_either {
    ($of:expr, $kind:ident, $stream:ident => $call:expr) => {
        match $of.get_mut() {
            $kind::Tcp($stream) => $call,
            $kind::Unix($stream) => $call,
        }
    };
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        on_either!(self, Self, stream => Pin::new(stream).poll_read(context, buffer))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        on_either!(self, Self, stream => Pin::new(stream).poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_either!(self, Self, stream => Pin::new(stream).poll_write_vectored(context, parts))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_either!(self, Self, stream => Pin::new(stream).poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_either!(self, Self, stream => Pin::new(stream).poll_shutdown(context))
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_write_vectored(context, parts),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_flush(context),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(context),
        }
    }
}
