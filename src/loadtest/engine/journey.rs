//! A user on its journey: makes the steps in their order, thinks between them, waits for states, and ends at the first
//! step that fails.

use std::ops::ControlFlow;
use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use tokio::time::Instant;

use super::connection::{Asked, RequestDone, StepDone, UserConnection};
use super::state::{OnTheWay, RunState, WorkerRecords};
use crate::loadtest::recording::{JourneyEnd, StepTrace};
use crate::loadtest::scenario::{Step, ThinkTime};

/// What a user knows on its journey.
struct Traveller<'a> {
    connection: &'a mut UserConnection,
    run: &'a RunState,
    records: &'a WorkerRecords,
    random: &'a mut Pcg64Mcg,
    /// When the first request was due; None once it was sent.
    due: Option<Instant>,
    /// The pause before the next request.
    think_time: Option<ThinkTime>,
    connected: bool,
}

/// Makes what comes next in a scenario whose users keep something: a journey, or a task.
pub(super) async fn make_next(
    connection: &mut UserConnection,
    run: &RunState,
    records: &WorkerRecords,
    random: &mut Pcg64Mcg,
    due: Instant,
) -> RequestDone {
    if !run.scenario.journeys().is_empty() {
        return make_journey(connection, run, records, random, due).await;
    }
    let place = run.scenario.draw(random);
    connection.begin_task();
    let think_time = run.scenario.tasks()[place].think_time;
    let asked = Asked { place, step: None, give_up: None };
    let connected = match connection.step(run, records, random, due, asked).await {
        StepDone::Good | StepDone::Again => true,
        StepDone::Failed { connected } => connected,
    };
    RequestDone { think_time, connected }
}

/// Draws a journey, makes it and records it. `due` is when it should have begun: its time, and that of its first request,
/// count from there.
async fn make_journey(
    connection: &mut UserConnection,
    run: &RunState,
    records: &WorkerRecords,
    random: &mut Pcg64Mcg,
    due: Instant,
) -> RequestDone {
    let place = run.scenario.draw_journey(random);
    let journey = &run.scenario.journeys()[place];
    connection.begin_journey();
    let mut way = records.begin_journey((place, journey.steps.len()), due);
    let mut traveller =
        Traveller { connection, run, records, random, due: Some(due), think_time: None, connected: true };
    let mut end = JourneyEnd::Succeeded;
    for step in &journey.steps {
        way.trace.steps.push(StepTrace::default());
        if traveller.make(step, &mut way).await.is_break() {
            end = JourneyEnd::Failed;
            break;
        }
    }
    way.end(end);
    run.end_iteration();
    // Who has sent nothing has not waited for anything either.
    let connected = traveller.connected && traveller.due.is_none();
    RequestDone { think_time: traveller.think_time.unwrap_or(ThinkTime::NONE), connected }
}

impl Traveller<'_> {
    /// Makes a step as often as it is to be made. Breaks off if it fails.
    async fn make(&mut self, step: &Step, way: &mut OnTheWay<'_>) -> ControlFlow<()> {
        if step.when.as_ref().is_some_and(|when| self.connection.leaves_out(when, self.run, self.random)) {
            note(way, |trace| trace.left_out = true);
            return ControlFlow::Continue(());
        }
        let (least, most) = (*step.repeat.start(), *step.repeat.end());
        let times = if least == most { least } else { self.random.random_range(least..=most) };
        for _ in 0..times {
            if let Some(think_time) = self.think_time.take() {
                way.think(think_time.draw(self.random)).await;
            }
            note(way, |trace| trace.made += 1);
            self.once(step, way).await?;
            self.think_time = Some(self.run.scenario.tasks()[step.task].think_time);
        }
        ControlFlow::Continue(())
    }

    /// Sends the request of a step, again and again if it waits for a state.
    async fn once(&mut self, step: &Step, way: &mut OnTheWay<'_>) -> ControlFlow<()> {
        let begun = Instant::now();
        let mut due = self.due.unwrap_or(begun);
        let give_up = step.until.as_ref().map(|until| begun + until.within);
        loop {
            let asked = Asked { place: step.task, step: Some(step), give_up };
            match self.connection.step(self.run, self.records, self.random, due, asked).await {
                StepDone::Good => break,
                StepDone::Again => self.due = None,
                StepDone::Failed { connected } => {
                    if connected {
                        self.due = None;
                    }
                    self.connected = connected;
                    self.think_time = Some(self.run.scenario.tasks()[step.task].think_time);
                    return ControlFlow::Break(());
                }
            }
            let every = step.until.as_ref().map_or(Duration::ZERO, |until| until.every);
            due = (due + every).max(Instant::now());
            tokio::time::sleep_until(due).await;
        }
        self.due = None;
        if step.until.is_some() {
            note(way, |trace| trace.waited = Some(begun.elapsed()));
        }
        ControlFlow::Continue(())
    }
}

/// Notes something of the step that is being made.
fn note(way: &mut OnTheWay<'_>, change: impl FnOnce(&mut StepTrace)) {
    if let Some(trace) = way.trace.steps.last_mut() {
        change(trace);
    }
}
