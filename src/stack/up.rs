//! `up`: from whatever state a stack is in to one in which everything runs as it is asked for.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::launch::{Launched, Log, Program, ending, launch, start};
use super::layout::Layout;
use super::process::recipe;
use super::programs::Programs;
use super::recipe::{First, Ingredients, Recipe};
use super::state::Memory;
use super::status::{Status, look};
use super::{Config, Event, Name, Observer, StackError, environment, files, lock, ports, ready, stop};

/// One way up: what it starts it can take back.
struct Way<'a> {
    layout: &'a Layout,
    config: &'a Config,
    observer: Observer<'a>,
    memory: &'a Memory,
    /// What this way has started, or begun to.
    started: Mutex<Vec<Name>>,
}

pub(super) async fn up(
    layout: &Layout,
    config: &Config,
    observer: Observer<'_>,
    cancelled: impl Future<Output = ()>,
) -> Result<Status, StackError> {
    // Whatever is missing is said before anything is made or started.
    let programs = Programs::find(config)?;
    make_folders(layout)?;
    let mut cancelled = std::pin::pin!(cancelled);
    let _lock = tokio::select! {
        lock = lock::acquire(layout, observer) => lock?,
        () = &mut cancelled => return Err(StackError::Interrupted),
    };
    let memory = Memory::load(layout)?;
    let way = Way { layout, config, observer, memory: &memory, started: Mutex::default() };
    let outcome = tokio::select! {
        outcome = way.bring_up(&programs) => outcome,
        () = &mut cancelled => Err(StackError::Interrupted),
    };
    match outcome {
        Ok(()) => Ok(look(layout, &memory.state())),
        Err(error) => {
            way.take_back().await?;
            Err(error)
        }
    }
}

fn make_folders(layout: &Layout) -> Result<(), StackError> {
    files::make_directory(layout.root())?;
    files::make_directory(&layout.logs())?;
    let ignore = layout.ignore_file();
    if ignore.exists() { Ok(()) } else { files::replace(&ignore, "*\n") }
}

impl Way<'_> {
    async fn bring_up(&self, programs: &Programs) -> Result<(), StackError> {
        let before = self.memory.state();
        let there = |name: Name| {
            before.processes.get(&name).is_some_and(|entry| stop::is_there(entry, &self.layout.home(name)))
        };
        let asked = self.config.port.map(|port| (Name::Nginx, port));
        // A port of our own that is still in use is in use by the process that gets it, or that is replaced.
        let ports = before.ports.complete(asked, |name, port| there(name) || ports::is_free(port))?;
        self.memory.change(|state| state.ports = ports.clone())?;
        let password = environment::password(self.layout)?;
        let Self { layout, config, .. } = *self;
        let ingredients = Ingredients { layout, config, programs, ports: &ports, password: &password };
        let wanted = Name::ALL.into_iter().filter(|name| !name.is_instance() || config.instances().contains(name));
        let recipes = wanted.map(|name| recipe(name, &ingredients).map(|recipe| (name, recipe)));
        let recipes = recipes.collect::<Result<Vec<_>, _>>()?;
        self.stop_what_must_go(&recipes).await?;
        self.start_all(&recipes).await?;
        environment::write(layout, &ports, &password, config.instances())
    }

    /// Ends what runs in another way than asked for, and what processes that died have left behind.
    async fn stop_what_must_go(&self, recipes: &[(Name, Recipe)]) -> Result<(), StackError> {
        let mut changed = Vec::new();
        let mut gone = Vec::new();
        for (name, recipe) in recipes {
            match self.memory.entry(*name) {
                // A way up that was killed in the middle; what it was making is made again from the start.
                Some(entry) if entry.preparing => gone.push(*name),
                Some(entry) if entry.is_alive() && entry.fingerprint == recipe.fingerprint() => {}
                Some(entry) if entry.is_alive() => changed.push(*name),
                Some(_) => gone.push(*name),
                None => {}
            }
        }
        if self.memory.entry(Name::Serve2).is_some() && !self.config.second_instance {
            gone.push(Name::Serve2);
        }
        if changed.contains(&Name::Database) {
            // Another server, other data: the instances bring it up to date when they start.
            changed.extend(Name::INSTANCES.iter().filter(|name| !gone.contains(name)));
        }
        for name in changed.iter().filter(|name| self.memory.entry(**name).is_some()) {
            (self.observer)(Event::Changed(*name));
        }
        stop::stop(&[changed, gone].concat(), self.layout, self.memory, self.observer).await
    }

    /// What does not depend on each other starts together.
    async fn start_all(&self, recipes: &[(Name, Recipe)]) -> Result<(), StackError> {
        let launch = |name: Name| self.launch(name, recipes);
        let bring = |name: Name| async move {
            let launched = self.launch(name, recipes).await?;
            self.wait(name, launched).await
        };
        let ((), (), prometheus, nginx) =
            tokio::try_join!(bring(Name::Database), bring(Name::Redis), launch(Name::Prometheus), launch(Name::Nginx))?;
        let second = async { if self.config.second_instance { bring(Name::Serve2).await } else { Ok(()) } };
        tokio::try_join!(bring(Name::Serve1), second)?;
        // What these two must answer comes from the instances.
        tokio::try_join!(self.wait(Name::Nginx, nginx), self.wait(Name::Prometheus, prometheus))?;
        Ok(())
    }

    /// Starts a process unless it runs.
    async fn launch(&self, name: Name, recipes: &[(Name, Recipe)]) -> Result<Option<Launched>, StackError> {
        let Some((_, recipe)) = recipes.iter().find(|(other, _)| *other == name) else { return Ok(None) };
        if self.memory.entry(name).is_some_and(|entry| entry.is_alive()) {
            (self.observer)(Event::Running(name));
            return Ok(None);
        }
        self.started.lock().unwrap_or_else(PoisonError::into_inner).push(name);
        if let Some(first) = &recipe.first {
            self.run_first(name, first, recipe).await?;
        }
        let launched = launch(name, recipe, self.layout, self.memory).await?;
        (self.observer)(Event::Started(name));
        Ok(Some(launched))
    }

    /// Runs what must have run once, as the process itself, so that it is known and can be stopped like it.
    async fn run_first(&self, name: Name, first: &First, recipe: &Recipe) -> Result<(), StackError> {
        if first.creates.exists() {
            return Ok(());
        }
        files::remove(&first.draft).map_err(StackError::file(&first.draft, "removed"))?;
        for directory in &recipe.directories {
            files::make_directory(directory)?;
        }
        let command = Program { path: &first.program, arguments: &first.arguments, preparing: true };
        let Launched { mut child, log } = start(name, &command, recipe, self.layout, self.memory).await?;
        let status = child.wait().await.map_err(|source| StackError::Spawn { name, source })?;
        if !status.success() {
            return Err(StackError::Crashed { name, ending: ending(Some(status)), lines: log.tail(), log: log.path });
        }
        fs::rename(&first.draft, &first.creates).map_err(StackError::file(&first.creates, "made"))
    }

    /// Waits until a process answers, whether it was started now or earlier.
    async fn wait(&self, name: Name, launched: Option<Launched>) -> Result<(), StackError> {
        let begin = Instant::now();
        let new = launched.is_some();
        let (mut child, log) = match launched {
            Some(Launched { child, log }) => (Some(child), log),
            None => (None, Log::of(self.layout.log(name))),
        };
        let port = self.memory.state().ports.of(name);
        ready::wait(name, port, child.as_mut(), &log, self.memory, self.config.start_timeout).await?;
        self.memory.change(|state| {
            if let Some(entry) = state.processes.get_mut(&name) {
                entry.executable = entry.running_executable();
            }
        })?;
        if new {
            (self.observer)(Event::Ready(name, begin.elapsed()));
        }
        Ok(())
    }

    /// Stops what this way has started; what ran before it goes on.
    async fn take_back(&self) -> Result<(), StackError> {
        let started = std::mem::take(&mut *self.started.lock().unwrap_or_else(PoisonError::into_inner));
        if started.is_empty() {
            return Ok(());
        }
        (self.observer)(Event::TakingBack);
        stop::stop(&started, self.layout, self.memory, self.observer).await
    }
}
