//! The service can use one processor only: it is one thread, one process under a lock, or bound to one.

use crate::explain::case::{ALL_THE_TIME, Case};
use crate::explain::figure::Figure;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::observe::ObservedProcess;
use crate::units::Language;
use crate::{say, text};

/// What uses more than this at its peak is not held to one processor.
const MORE_THAN_ONE: f64 = 1.25;

/// What the other threads of a service of one thread may want: those of its runtime, which collect garbage or read files.
const OTHER_THREADS: f64 = 0.5;

/// Where so many requests are inside a service at the same time, one that can use a second processor uses it. Two users, one
/// after the other in each of their requests, keep one processor busy and not more.
const INSIDE_AT_ONCE: f64 = 2.5;

/// A machine with so much idle time has a processor for every thread that wants one, sooner or later.
const ROOM: f64 = 0.15;

pub(super) const RULE: Rule =
    Rule { cause: "one_processor", needs: Needs::Process, follows_from: &["connections_left_open"], weigh, words };

const USED: &str = text!("processors used by the service");
const PEAK: &str = text!("processors used in its busiest second");
const THREAD: &str = text!("busiest thread, running or waiting for a processor");
const ALLOWED: &str = text!("processors that it may use");
const MACHINE: &str = text!("processors of the machine");
const INSIDE: &str = text!("requests inside the service at the same time, on average");
const PROCESSES: &str = text!("processes and threads of the service");

fn weigh(case: &Case<'_>) -> Weighed {
    let machine = case.observed.map_or(0, |observed| observed.processors) as f64;
    let Some(service) = case.services().max_by(|a, b| a.cpu_cores.total_cmp(&b.cpu_cores)) else {
        return Weighed::Silent;
    };
    let busiest = service.busiest.first();
    let thread = busiest.map_or(0.0, |thread| thread.cpu_cores + thread.waiting_cores);
    let allowed = service.processors_allowed as f64;
    let wanted = wanted(service);
    let inside = case.time_in_service_s() / case.seconds().max(f64::EPSILON);
    let evidence = vec![
        Evidence::new(USED, service.cpu_cores, ""),
        Evidence::new(PEAK, service.peak_cores, ""),
        match busiest {
            Some(thread_of) => Evidence::new(THREAD, thread, "").of(&thread_of.name),
            None => Evidence::new(THREAD, 0.0, ""),
        },
        Evidence::new(ALLOWED, allowed, ""),
        Evidence::new(MACHINE, machine, ""),
        Evidence::new(INSIDE, inside, ""),
        Evidence::new(PROCESSES, service.most_processes.max(service.most_threads) as f64, ""),
    ];
    // Several instances of the same service are several processors.
    let instances = case.services().count() as f64;
    let bound = allowed > 0.0 && allowed < 2.0 && machine >= 2.0 && wanted >= ALL_THE_TIME;
    let one_thread = thread >= ALL_THE_TIME && service.cpu_cores <= MORE_THAN_ONE && wanted <= thread + OTHER_THREADS;
    // Where more threads want a processor than have one, others have taken it, unless there are idle ones.
    let idle = case.run.generator.host_idle_ratio;
    let few_wait = wanted <= 1.0 + OTHER_THREADS || idle.is_some_and(|idle| idle >= ROOM);
    let full = service.cpu_cores >= ALL_THE_TIME && service.peak_cores <= MORE_THAN_ONE;
    let one_at_a_time = full && few_wait && inside >= INSIDE_AT_ONCE && service.most_threads > 2;
    let others_use_it = idle.is_some_and(|idle| idle < 0.05) && service.cpu_cores < 0.6;
    if instances >= machine || machine < 2.0 || !(bound || one_thread || one_at_a_time) || (others_use_it && !bound) {
        return Weighed::Against(
            text!("The service did not use up one processor, or it used more than one."),
            evidence,
        );
    }
    let certainty = if bound || one_thread { Certainty::Certain } else { Certainty::Likely };
    let now = case.good_per_s();
    let expected = vec![Expected { figure: Figure::GoodPerS, now, then: now * (instances + 1.0) / instances }];
    // What a request needs of the processor, beside what it waits for it.
    let needed_s = service.cpu_cores * case.seconds();
    let of_time = case.of_time(case.time_in_service_s().max(needed_s));
    Weighed::For(Weight { certainty, of_failures: slow(case), of_time, evidence, expected, apart_from: &[] })
}

/// The processors that it used and those that its threads waited for.
fn wanted(service: &ObservedProcess) -> f64 {
    service.cpu_cores + service.waiting_cores.unwrap_or(0.0)
}

/// Requests that were waited for in vain: an overloaded process answers late.
fn slow(case: &Case<'_>) -> f64 {
    use crate::explain::symptom::Symptom;
    case.of_failures(case.failed(&[Symptom::TimedOut, Symptom::FrontTimedOut, Symptom::Refused, Symptom::Broken]))
}

fn words(_: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let number = |what: &str| language.significant(weight.value(what));
    let allowed = weight.value(ALLOWED);
    let sentence = if allowed > 0.0 && allowed < 2.0 {
        say!(
            language,
            "The service may use one of the {machine} processors of the machine, and used {used} of it.",
            machine = language.count(weight.value(MACHINE) as u64),
            used = number(USED)
        )
    } else {
        say!(
            language,
            "The service used {used} processors and never more than {peak}, of {machine} of the machine: its work is done by one \
             thread, or under a lock that lets one thread work at a time.",
            used = number(USED),
            peak = number(PEAK),
            machine = language.count(weight.value(MACHINE) as u64)
        )
    };
    let attempt = text!(
        "as many processes as the machine has processors (workers of the application server, or instances behind a balancer), each \
         with a pool of its own."
    );
    let expect = match weight.expected.first() {
        Some(rate) => say!(
            language,
            "by the utilization law, up to {then} good answers per second with one process more, instead of {now}.",
            then = language.significant(rate.then),
            now = language.significant(rate.now)
        ),
        None => String::new(),
    };
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
