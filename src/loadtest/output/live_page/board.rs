//! The board of a page: what is shown now, who looks at it, and what was asked for.
//!
//! A run puts its result on the board once a second, if anybody looks. It is drawn on a thread of its own, and every viewer
//! is sent the same texts, so that many viewers cost hardly more than one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};

use super::draw::{Around, draw};
use super::forms;
use super::kept::{FileKind, Kept, KeptRuns};
use super::moment::Moment;
use super::order::{Choices, Order, OrderedRun, StartOrder};
use super::places::{Phase, Places, State};
use crate::loadtest::control::{Controller, Unheard};
use crate::run_result::{RunResult, TimelinePoint};
use crate::units::Language;
use crate::{say, text};

/// Viewers at the same time.
const MOST_VIEWERS: usize = 64;

/// What is shown and what was asked for.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) language: Language,
    /// What can be chosen where runs are started from the page; None where the command line started the run.
    pub(super) choices: Option<Choices>,
    /// Whether the page steers.
    pub(super) steers: bool,
    shown: watch::Sender<Arc<Moment>>,
    viewers: AtomicUsize,
    inner: Mutex<Inner>,
    /// Held while a run is drawn.
    drawing: Arc<tokio::sync::Mutex<()>>,
    orders: mpsc::Sender<OrderedRun>,
}

#[derive(Debug, Default)]
struct Inner {
    phase: Phase,
    controller: Option<Controller>,
    before: Arc<[TimelinePoint]>,
    kept: KeptRuns,
    /// The number of the run that goes on or was the last one; one that was ordered has it before it begins.
    number: u64,
    last: Option<StartOrder>,
    is_rate: bool,
    most_users: u32,
    /// Why the page ends, as markup, where that is not because its run has ended.
    why_ended: Option<String>,
}

/// A viewer, until it is dropped.
#[derive(Debug)]
pub(super) struct Viewer {
    board: Arc<Board>,
    pub(super) shown: watch::Receiver<Arc<Moment>>,
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.board.viewers.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Board {
    /// An empty board, and the runs that will be ordered.
    pub(super) fn new(
        language: Language,
        steers: bool,
        choices: Option<Choices>,
    ) -> (Self, mpsc::Receiver<OrderedRun>) {
        let (orders, ordered) = mpsc::channel(1);
        let board = Self {
            language,
            choices,
            steers,
            shown: watch::Sender::new(Arc::default()),
            viewers: AtomicUsize::new(0),
            inner: Mutex::default(),
            drawing: Arc::default(),
            orders,
        };
        board.put_forms(&board.lock());
        (board, ordered)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new viewer; None if there are too many.
    pub(super) fn viewer(self: &Arc<Self>) -> Option<Viewer> {
        let more = |viewers: usize| (viewers < MOST_VIEWERS).then_some(viewers + 1);
        self.viewers.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).ok()?;
        Some(Viewer { board: Arc::clone(self), shown: self.shown.subscribe() })
    }

    pub(super) fn viewers(&self) -> usize {
        self.viewers.load(Ordering::SeqCst)
    }

    /// As many users as a run can be given.
    pub(super) fn allow_users(&self, most: u32) {
        self.lock().most_users = most;
    }

    /// A run begins, which this controller steers. An earlier run may be drawn over it.
    pub(super) fn begin(&self, controller: Controller, is_rate: bool, before: Vec<TimelinePoint>) {
        let mut inner = self.lock();
        if inner.phase != Phase::Starting {
            inner.number += 1;
        }
        inner.controller = self.steers.then_some(controller);
        (inner.phase, inner.is_rate, inner.before) = (Phase::Running, is_rate, before.into());
        let kind = if is_rate { "rate" } else { "users" };
        self.publish(|places| places.state = State { phase: Phase::Running, level: String::new(), kind });
        self.put_forms(&inner);
    }

    /// The run that was ordered cannot be made.
    pub(super) fn refuse(&self, sentence: &str) {
        let mut inner = self.lock();
        (inner.phase, inner.controller) = (Phase::Idle, None);
        let said = crate::units::escaped(sentence);
        self.publish(|places| {
            places.state.phase = Phase::Idle;
            places.put([("status".to_owned(), said)]);
        });
        self.put_forms(&inner);
    }

    /// Shows a run that goes on. If the one before is still being drawn, this one is left out.
    pub(super) fn show(self: &Arc<Self>, run: RunResult) {
        let Ok(permit) = Arc::clone(&self.drawing).try_lock_owned() else { return };
        let board = Arc::clone(self);
        let number = self.lock().number;
        drop(tokio::task::spawn_blocking(move || {
            board.draw(&Kept { number, run: Arc::new(run) }, Phase::Running);
            drop(permit);
        }));
    }

    /// Shows a run that has ended. With `for_good` nobody will serve its files any more, so they are sent to the viewers.
    pub(super) async fn end(self: &Arc<Self>, run: RunResult, for_good: bool) {
        let number = self.lock().number;
        self.end_with(Kept { number, run: Arc::new(run) }, for_good).await;
    }

    async fn end_with(self: &Arc<Self>, kept: Kept, for_good: bool) {
        let permit = Arc::clone(&self.drawing).lock_owned().await;
        let board = Arc::clone(self);
        let drawn = tokio::task::spawn_blocking(move || {
            let phase = if for_good { Phase::Ended } else { Phase::Idle };
            {
                let mut inner = board.lock();
                (inner.phase, inner.controller) = (phase, None);
            }
            board.draw(&kept, phase);
            drop(permit);
        });
        // A page that cannot be drawn must not cost the result.
        drop(drawn.await);
    }

    /// Says that nothing more will come, with the run that was shown last, and why if that is not as it should be. A page that
    /// has said so already stays as it is; false if it has.
    pub(super) async fn close(self: &Arc<Self>, why: Option<&str>) -> bool {
        // What is being drawn says that the run goes on.
        drop(self.drawing.lock().await);
        let last = {
            let mut inner = self.lock();
            if inner.phase == Phase::Ended {
                return false;
            }
            inner.why_ended = why.map(crate::units::escaped);
            inner.kept.iter().next().cloned()
        };
        if let Some(kept) = last {
            self.end_with(kept, true).await;
            return true;
        }
        let mut inner = self.lock();
        (inner.phase, inner.controller) = (Phase::Ended, None);
        self.publish(|places| {
            places.state.phase = Phase::Ended;
            places.put(inner.why_ended.take().map(|why| ("status".to_owned(), why)));
            // Without a file the viewers would wait for more.
            places.files.insert(String::new(), "".into());
        });
        true
    }

    /// Draws a run, whatever was ordered since.
    fn draw(&self, kept: &Kept, phase: Phase) {
        let before = {
            let mut inner = self.lock();
            inner.kept.keep(kept.clone());
            Arc::clone(&inner.before)
        };
        let mut drawn = Places::default();
        draw(&kept.run, Around { phase, before: &before, language: self.language }, &mut drawn);
        if phase == Phase::Ended {
            drawn.put(self.lock().why_ended.take().map(|why| ("status".to_owned(), why)));
            let file = |kind| (kept.file_name(kind), kept.file(kind, self.language).into());
            drawn.files = FileKind::ALL.into_iter().map(file).collect();
        }
        // Published while it is locked, so that no form takes the place of a newer one.
        let inner = self.lock();
        let (has_moved_on, forms) = (inner.phase != phase, self.forms(&inner));
        self.publish(|shown| {
            shown.take_over(drawn, has_moved_on);
            shown.put(forms);
        });
    }

    fn publish(&self, change: impl FnOnce(&mut Places)) {
        self.shown.send_modify(|shown| *shown = Arc::new(shown.next(change)));
    }

    /// Shows the forms as they are now.
    fn put_forms(&self, inner: &Inner) {
        let forms = self.forms(inner);
        self.publish(|places| places.put(forms));
    }

    /// The forms as they are now, by their places.
    fn forms(&self, inner: &Inner) -> [(String, String); 2] {
        let start = self.choices.as_ref().map(|choices| forms::start(choices, inner.last.as_ref(), self.language));
        let downloads = forms::downloads(inner.kept.iter(), self.language);
        [("start-form".to_owned(), start.unwrap_or_default()), ("downloads".to_owned(), downloads)]
    }

    /// Puts markup into a place of its own, such as the ladder of a lab.
    pub(super) fn put(&self, id: &str, markup: String) {
        self.publish(|places| places.put([(id.to_owned(), markup)]));
    }

    /// Does what was asked for. The sentence says what will happen, or why nothing will.
    pub(super) fn obey(
        &self,
        read: impl FnOnce(&Choices, bool, u32) -> Result<Order, String>,
    ) -> Result<String, String> {
        let language = self.language;
        if !self.steers {
            return Err(language.text(text!("This page shows and does not steer")).to_owned());
        }
        let mut inner = self.lock();
        let none = Choices::default();
        let choices = self.choices.as_ref().unwrap_or(&none);
        let most_users = if inner.most_users == 0 { 1_000_000 } else { inner.most_users };
        let order = read(choices, inner.is_rate, most_users)?;
        if let Order::Start(order) = order {
            return self.start(&mut inner, *order);
        }
        let Some(controller) = &inner.controller else {
            return Err(language.text(text!("No run is going on")).to_owned());
        };
        let unheard = |why: Unheard| {
            let why = match why {
                Unheard::Over => text!("The run sends no more requests: the last answers are awaited"),
                Unheard::TooManyLevels => {
                    text!("This run has as many levels as are told apart: stop it, and start another one")
                }
            };
            language.text(why).to_owned()
        };
        Ok(match order {
            Order::Pause => {
                controller.pause().map_err(unheard)?;
                language.text(text!("The run pauses")).to_owned()
            }
            Order::GoOn => {
                controller.go_on().map_err(unheard)?;
                language.text(text!("The run goes on")).to_owned()
            }
            Order::Load(load) => {
                controller.set_load(load).map_err(unheard)?;
                let level = language.number(&load.level.to_string());
                if inner.is_rate {
                    say!(language, "{level} requests per second were asked for", level)
                } else {
                    say!(language, "{level} users were asked for", level)
                }
            }
            Order::Stop | Order::Start(_) => {
                controller.stop();
                language.text(text!("The run stops: the last answers are awaited")).to_owned()
            }
        })
    }

    fn start(&self, inner: &mut MutexGuard<'_, Inner>, order: StartOrder) -> Result<String, String> {
        let language = self.language;
        let going_on = || language.text(text!("A run is going on: stop it first")).to_owned();
        if inner.phase != Phase::Idle || self.choices.is_none() {
            return Err(going_on());
        }
        let number = inner.number + 1;
        self.orders.try_send(OrderedRun { number, order: order.clone() }).map_err(|_| going_on())?;
        (inner.phase, inner.last, inner.number) = (Phase::Starting, Some(order), number);
        self.publish(|places| places.state = State { phase: Phase::Starting, ..places.state.clone() });
        Ok(language.text(text!("The run starts")).to_owned())
    }

    /// A run that can be downloaded.
    pub(super) fn kept(&self, number: u64) -> Option<Kept> {
        self.lock().kept.get(number).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::control::{SteeredLoad, steering};
    use crate::loadtest::output::live_page::order::OrderedLoad;
    use crate::run_result::example_run;

    /// A board from which runs are started, and what is ordered.
    fn board() -> (Arc<Board>, mpsc::Receiver<OrderedRun>) {
        let choices = Choices { hosts: vec!["http://a".to_owned()], ..Choices::default() };
        let (board, ordered) = Board::new(Language::English, true, Some(choices));
        (Arc::new(board), ordered)
    }

    fn start() -> Order {
        let load = OrderedLoad::Users { users: 1, spawn_rate: None };
        let run_time = std::time::Duration::from_secs(1);
        Order::Start(Box::new(StartOrder { host: 0, scenario: 0, load, run_time, thresholds: Vec::new() }))
    }

    fn status(board: &Board) -> String {
        board.shown.borrow().places().markup.get("status").map(ToString::to_string).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_run_has_one_number_on_the_page_and_elsewhere_also_after_one_that_was_refused() {
        let (board, mut ordered) = board();
        board.obey(|_, _, _| Ok(start())).unwrap();
        assert_eq!(ordered.recv().await.unwrap().number, 1);
        board.refuse("no");
        board.obey(|_, _, _| Ok(start())).unwrap();
        let number = ordered.recv().await.unwrap().number;
        board.begin(steering().0, false, Vec::new());
        board.end(example_run(), false).await;
        assert_eq!(number, 2);
        assert!(board.kept(2).is_some() && board.kept(1).is_none());
    }

    #[tokio::test]
    async fn a_run_keeps_its_number_when_the_one_after_it_is_not_made() {
        let (board, mut ordered) = board();
        board.obey(|_, _, _| Ok(start())).unwrap();
        assert_eq!(ordered.recv().await.unwrap().number, 1);
        board.begin(steering().0, false, Vec::new());
        board.end(example_run(), false).await;
        board.obey(|_, _, _| Ok(start())).unwrap();
        board.refuse("it cannot be made");
        assert!(board.close(None).await);
        assert!(board.kept(1).is_some() && board.kept(2).is_none());
        let shown = Arc::clone(&board.shown.borrow());
        assert!(shown.places().files.keys().all(|name| name.starts_with("run-1.")), "{:?}", shown.places().files);
        assert!(!board.close(None).await, "it was closed already");
    }

    #[tokio::test]
    async fn what_nobody_hears_any_more_is_not_confirmed() {
        let (board, _ordered) = board();
        let (controller, steering) = steering();
        board.begin(controller, false, Vec::new());
        assert!(board.obey(|_, _, _| Ok(Order::Pause)).is_ok());
        steering.end();
        for order in [Order::Pause, Order::GoOn, Order::Load(SteeredLoad { level: 5.0, per_second: None })] {
            let said = board.obey(|_, _, _| Ok(order)).unwrap_err();
            assert!(said.starts_with("The run sends no more requests"), "{said}");
        }
        assert!(board.obey(|_, _, _| Ok(Order::Stop)).is_ok(), "that it does");
    }

    #[tokio::test]
    async fn a_page_that_is_closed_says_why_and_that_nothing_more_comes() {
        let (board, _ordered) = board();
        board.begin(steering().0, false, Vec::new());
        board.close(Some("the disk is <full>")).await;
        let shown = Arc::clone(&board.shown.borrow());
        assert_eq!((shown.places().state.phase, &*status(&board)), (Phase::Ended, "the disk is &lt;full&gt;"));
        assert!(!shown.places().files.is_empty(), "viewers wait for no more");
        let (board, _ordered) = self::board();
        board.begin(steering().0, false, Vec::new());
        board.end(example_run(), false).await;
        board.close(Some("it broke")).await;
        let shown = Arc::clone(&board.shown.borrow());
        assert_eq!((shown.places().state.phase, &*status(&board)), (Phase::Ended, "it broke"));
        assert_eq!(shown.places().files.len(), FileKind::ALL.len());
        board.close(Some("again")).await;
        assert_eq!(status(&board), "it broke");
    }
}
