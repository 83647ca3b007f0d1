//! A run in a browser: a page that shows it as it goes on, and from which it is steered.
//!
//! Everything that is shown is drawn here, by the parts of which the saved page is made, and sent as it is; the page's script
//! puts it into its place. What is asked for goes through the channel of `control`, as the terminal's interrupt does, so this
//! room does not know the engine.

mod access;
mod answers;
mod board;
mod draw;
mod events;
mod forms;
mod kept;
mod moment;
mod order;
mod places;
mod server;
mod shell;
mod stalled;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub use access::Reach;
pub use order::{Choices, OrderedLoad, OrderedRun, StartOrder};

use access::Access;
use answers::Answers;
use board::Board;

use crate::loadtest::control::Controller;
use crate::run_result::{RunResult, TimelinePoint};
use crate::units::{Language, Secret};

/// How long the end of a run waits for viewers to be sent it.
const FAREWELL: Duration = Duration::from_secs(2);

/// How the page is served.
#[derive(Debug)]
pub struct PageSettings {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// How browsers reach it.
    pub reach: Reach,
    /// The token of whoever may see it and steer; None for a random one.
    pub token: Option<Secret>,
    /// The language of the page.
    pub language: Language,
    /// Whether it steers, or only shows.
    pub steers: bool,
    /// What can be chosen when runs are started from the page; None if they are not.
    pub choices: Option<Choices>,
}

/// The page of a run, until it is dropped.
#[derive(Debug)]
pub struct LivePage {
    board: Arc<Board>,
    server: JoinHandle<()>,
    url: String,
    orders: tokio::sync::Mutex<mpsc::Receiver<OrderedRun>>,
}

impl LivePage {
    /// Binds the address and starts to serve.
    pub fn listen(settings: PageSettings) -> io::Result<Self> {
        let PageSettings { listen, reach, token, language, steers, choices } = settings;
        let listener = server::bound(listen)?;
        let address = listener.local_addr()?;
        let fragment = if token.is_some() { "" } else { "#" };
        let token = token.unwrap_or_else(|| Secret::new(access::random_text()));
        let shown = if fragment.is_empty() { String::new() } else { token.reveal().to_owned() };
        let tls = match &reach {
            Reach::Tls(tls) => Some(tls.clone()),
            Reach::Loopback | Reach::Proxy(_) => None,
        };
        let (board, orders) = Board::new(language, steers, choices);
        let board = Arc::new(board);
        let access = Access::new(reach, address, token);
        let url = format!("{}{fragment}{shown}", access.address());
        let answers = Arc::new(Answers { access, board: Arc::clone(&board) });
        let server = tokio::spawn(server::serve(listener, answers, tls));
        Ok(Self { board, server, url, orders: tokio::sync::Mutex::new(orders) })
    }

    /// The address to open, with the token in its fragment if it is a random one.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits for a run that is started from the page.
    pub async fn ordered(&self) -> OrderedRun {
        match self.orders.lock().await.recv().await {
            Some(order) => order,
            // The board holds the sending end as long as this lives.
            None => std::future::pending().await,
        }
    }

    /// Says that a run begins, which this controller steers: at a rate, or with users. An earlier run may be drawn over it.
    pub fn begin(&self, controller: Controller, is_rate: bool, before: Vec<TimelinePoint>) {
        self.board.begin(controller, is_rate, before);
    }

    /// Says why a run that was asked for is not made.
    pub fn refuse(&self, sentence: &str) {
        self.board.refuse(sentence);
    }

    /// Shows a run that has ended; the page may start another one.
    pub async fn end(&self, run: RunResult) {
        self.board.end(run, false).await;
    }

    /// Shows a run that has ended and says that nothing more will come. Viewers then have all of it, and its files.
    pub async fn end_for_good(&self, run: RunResult) {
        self.board.end(run, true).await;
        self.take_leave().await;
    }

    /// Says that nothing more will come, and why, if not because everything was done: what is shown stays. A page that has said
    /// so already is left alone.
    pub async fn close(&self, why: Option<&str>) {
        if self.board.close(why).await {
            self.take_leave().await;
        }
    }

    /// Waits until the viewers have been sent everything, but not for long.
    async fn take_leave(&self) {
        let told = async {
            while self.board.viewers() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        // Whoever does not read cannot be told.
        drop(tokio::time::timeout(FAREWELL, told).await);
        // What the last viewers were sent is on its way to their sockets.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    /// Puts the markup of tables under the tab of the ladder.
    pub fn put_ladder(&self, markup: String) {
        self.board.put("ladder", markup);
    }

    /// Whether the page steers.
    pub(in crate::loadtest) fn steers(&self) -> bool {
        self.board.steers
    }

    pub(in crate::loadtest) fn allow_users(&self, most: u32) {
        self.board.allow_users(most);
    }

    /// Whether anybody looks at it.
    pub(in crate::loadtest) fn is_looked_at(&self) -> bool {
        self.board.viewers() > 0
    }

    /// Shows a run that goes on.
    pub(in crate::loadtest) fn show(&self, run: RunResult) {
        self.board.show(run);
    }
}

impl Drop for LivePage {
    fn drop(&mut self) {
        self.server.abort();
    }
}
