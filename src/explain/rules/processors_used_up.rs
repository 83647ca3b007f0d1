//! The machine has no processor left: whoever wants one waits.

use crate::explain::case::Case;
use crate::explain::finding::{Certainty, Evidence};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::observe::Role;
use crate::units::Language;
use crate::{say, text};

/// Below this idle share a machine is used up.
const HARDLY_IDLE: f64 = 0.05;

/// From this share of the time of all requests on, waiting for a processor is told.
const WORTH: f64 = 0.15;

pub(super) const RULE: Rule = Rule {
    cause: "processors_used_up",
    needs: Needs::Process,
    follows_from: &[
        "connections_left_open",
        "query_per_item",
        "full_scan",
        "cache_missing",
        "cache_stampede",
        "key_scan",
        "one_processor",
        "generator_limited",
    ],
    weigh,
    words,
};

const IDLE: &str = text!("share of the machine that was idle");
const MACHINE: &str = text!("processors of the machine");
const SERVICE: &str = text!("processors used by the service");
const DATABASE: &str = text!("processors used by the database");
const GENERATOR: &str = text!("processors used by the load generator");
const OTHERS: &str = text!("processors used by others");
const WAITING: &str = text!("threads that waited for a processor, on average");

fn weigh(case: &Case<'_>) -> Weighed {
    let (Some(observed), Some(idle)) = (case.observed, case.run.generator.host_idle_ratio) else {
        return Weighed::Silent;
    };
    let machine = observed.processors as f64;
    let used = |role| case.of_role(role).map(|process| process.cpu_cores).sum::<f64>();
    let (service, database, generator) = (used(Role::Service), used(Role::Database), case.run.generator.cpu_cores);
    let others = (machine * (1.0 - idle) - service - database - generator - used(Role::Cache)).max(0.0);
    let waiting: f64 = observed.processes.iter().filter_map(|process| process.waiting_cores).sum();
    let evidence = vec![
        Evidence::share(IDLE, idle),
        Evidence::new(MACHINE, machine, ""),
        Evidence::new(SERVICE, service, ""),
        Evidence::new(DATABASE, database, ""),
        Evidence::new(GENERATOR, generator, ""),
        Evidence::new(OTHERS, others, ""),
        Evidence::new(WAITING, waiting, ""),
    ];
    // Where the service wants all of them, requests wait for them inside the service, too.
    let inside_s = if case.processors_wanted_always() { case.time_in_service_s() } else { 0.0 };
    let of_time = case.of_time(inside_s.max(waiting * case.seconds()));
    if idle > HARDLY_IDLE {
        return Weighed::Against(text!("The machine had processors to spare."), evidence);
    }
    if of_time < WORTH {
        return Weighed::Against(text!("Nobody waited long for a processor."), evidence);
    }
    // Where others use most of the machine, the run is disturbed and says little about the service.
    let certainty = match others / machine {
        others if others > 0.5 => Certainty::Possible,
        others if others <= 0.4 && of_time >= 0.5 => Certainty::Certain,
        _ => Certainty::Likely,
    };
    Weighed::For(Weight { certainty, of_failures: 0.0, of_time, evidence, expected: Vec::new(), apart_from: &[] })
}

fn words(case: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let number = |what: &str| language.significant(weight.value(what));
    let sentence = say!(
        language,
        "All {machine} processors were busy: {service} with the service, {database} with its database, {generator} with the load \
         generator, {others} with others.",
        machine = language.count(weight.value(MACHINE) as u64),
        service = number(SERVICE),
        database = number(DATABASE),
        generator = number(GENERATOR),
        others = number(OTHERS)
    );
    let attempt = text!(
        "the load generator on another machine first; then less work per request, or more processors for whoever uses most of them."
    );
    let per_request = 1e3 * (weight.value(SERVICE) + weight.value(DATABASE)) * case.seconds() / case.requests.max(1.0);
    let most = if per_request > 0.0 { 1e3 * weight.value(MACHINE) / per_request } else { 0.0 };
    let expect = say!(
        language,
        "by the utilization law a request needs {each} ms of processors, so that this machine can serve {most} requests per second at \
         most if it does nothing else.",
        each = language.significant(per_request),
        most = language.significant(most)
    );
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
