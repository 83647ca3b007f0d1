//! `up`: brings a stack from any state to one in which everything runs as the configuration asks.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use futures_util::future::try_join_all;

use super::launch::{Launched, Log, Program, ending, launch, start};
use super::launch_spec::{LaunchContext, LaunchSpec, Preparation};
use super::layout::Layout;
use super::process::launch_spec;
use super::programs::Programs;
use super::state::{Asked, StateFile};
use super::status::{Status, look};
use super::{Config, Event, Observer, ProcessName, StackError, environment, files, group, lock, ports, ready, stop};
use crate::units::Secret;

/// One run of `up`. It remembers what it starts, so that it can stop that again.
struct StackStart<'a> {
    layout: &'a Layout,
    config: &'a Config,
    observer: Observer<'a>,
    state_file: &'a StateFile,
    /// The processes that this run has started or begun to start.
    started: Mutex<Vec<ProcessName>>,
}

pub(super) async fn up(
    layout: &Layout,
    config: &Config,
    observer: Observer<'_>,
    cancelled: impl Future<Output = ()>,
) -> Result<Status, StackError> {
    // First, so that a missing program is reported before anything is made or started.
    let programs = Programs::find(config)?;
    make_folders(layout)?;
    let mut cancelled = std::pin::pin!(cancelled);
    let _lock = tokio::select! {
        lock = lock::acquire(layout, observer) => lock?,
        () = &mut cancelled => return Err(StackError::Interrupted),
    };
    let state_file = StateFile::load(layout)?;
    let start = StackStart { layout, config, observer, state_file: &state_file, started: Mutex::default() };
    let outcome = tokio::select! {
        outcome = start.bring_up(&programs) => outcome,
        () = &mut cancelled => Err(StackError::Interrupted),
    };
    match outcome {
        Ok(()) => Ok(look(layout, &state_file.state())),
        Err(error) => {
            start.take_back().await?;
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

impl StackStart<'_> {
    async fn bring_up(&self, programs: &Programs) -> Result<(), StackError> {
        let before = self.state_file.state();
        let there = |name: ProcessName| {
            before.processes.get(&name).is_some_and(|entry| stop::is_there(entry, &self.layout.home(name)))
        };
        let asked = self.config.port.map(|port| (ProcessName::Nginx, port));
        // If a process of ours still runs, it is the one that uses its port, and it keeps the port or is replaced.
        let usable = |name, port| there(name) || ports::is_free(port);
        let ports = before.ports.complete(self.config.processes(), asked, usable)?;
        let members = ProcessName::databases(self.config.replicas()).filter(|_| self.config.replicas() > 1);
        let group_ports = before.group_ports.complete(members, None, usable)?;
        self.state_file.change(|state| {
            state.ports = ports.clone();
            state.group_ports = group_ports.clone();
            state.instances = self.config.instances();
            state.replicas = self.config.replicas();
            state.asked = Some(Asked {
                mysqld: self.config.mysqld.as_ref().map(|path| std::path::absolute(path).unwrap_or_default()),
                port: self.config.port,
                serve_options: self.config.serve_options.clone(),
                balance: self.config.balance.name().to_owned(),
            });
        })?;
        let password = environment::password(self.layout)?;
        let Self { layout, config, .. } = *self;
        let context =
            LaunchContext { layout, config, programs, ports: &ports, group_ports: &group_ports, password: &password };
        let specs = config.processes().map(|name| launch_spec(name, &context).map(|launch_spec| (name, launch_spec)));
        let specs = specs.collect::<Result<Vec<_>, _>>()?;
        self.stop_what_must_go(&specs).await?;
        self.start_all(&specs, &password).await?;
        environment::write(layout, &self.state_file.state(), &password)
    }

    /// Ends processes that run with other options than asked for, and what dead processes have left behind.
    async fn stop_what_must_go(&self, specs: &[(ProcessName, LaunchSpec)]) -> Result<(), StackError> {
        let mut changed = Vec::new();
        let mut gone = Vec::new();
        for (name, launch_spec) in specs {
            match self.state_file.entry(*name) {
                // An earlier `up` was killed while this process prepared its data, which is made again from the beginning.
                Some(entry) if entry.preparing => gone.push(*name),
                Some(entry) if entry.is_alive() && entry.fingerprint == launch_spec.fingerprint() => {}
                Some(entry) if entry.is_alive() => changed.push(*name),
                Some(_) => gone.push(*name),
                None => {}
            }
        }
        // Instances beyond the number that is asked for.
        let known = self.state_file.state().processes.into_keys();
        gone.extend(known.filter(|name| !specs.iter().any(|(wanted, _)| wanted == name)));
        if changed.contains(&ProcessName::Database) {
            // Another server has other data. The instances migrate its schema when they start, so they restart too.
            let others = |name: &ProcessName| !gone.contains(name) && !changed.contains(name);
            let instances: Vec<_> = ProcessName::instances(self.config.instances()).filter(others).collect();
            changed.extend(instances);
        }
        for name in changed.iter().filter(|name| self.state_file.entry(**name).is_some()) {
            (self.observer)(Event::Changed(*name));
        }
        stop::stop(&[changed, gone].concat(), self.layout, self.state_file, self.observer).await
    }

    /// Starts all processes; those that do not depend on each other start at the same time.
    async fn start_all(&self, specs: &[(ProcessName, LaunchSpec)], password: &Secret) -> Result<(), StackError> {
        let launch = |name: ProcessName| self.launch(name, specs);
        let bring = |name: ProcessName| async move {
            let launched = self.launch(name, specs).await?;
            self.wait(name, launched).await
        };
        let replicas = self.config.replicas();
        let databases = async {
            try_join_all(ProcessName::databases(replicas).map(bring)).await?;
            if replicas > 1 {
                group::join(&self.state_file.state().ports, replicas, password, self.config.start_timeout).await?;
            }
            Ok(())
        };
        let caches = async {
            bring(ProcessName::Redis).await?;
            for name in ProcessName::replicated(replicas).filter(|name| !matches!(name, ProcessName::Member(_))) {
                bring(name).await?;
            }
            Ok(())
        };
        let ((), (), prometheus, nginx) =
            tokio::try_join!(databases, caches, launch(ProcessName::Prometheus), launch(ProcessName::Nginx))?;
        try_join_all(ProcessName::instances(self.config.instances()).map(bring)).await?;
        // These two are ready only when the instances are.
        tokio::try_join!(self.wait(ProcessName::Nginx, nginx), self.wait(ProcessName::Prometheus, prometheus))?;
        Ok(())
    }

    /// Starts a process unless it already runs.
    async fn launch(
        &self,
        name: ProcessName,
        specs: &[(ProcessName, LaunchSpec)],
    ) -> Result<Option<Launched>, StackError> {
        let Some((_, launch_spec)) = specs.iter().find(|(other, _)| *other == name) else { return Ok(None) };
        if self.state_file.entry(name).is_some_and(|entry| entry.is_alive()) {
            (self.observer)(Event::Running(name));
            return Ok(None);
        }
        self.started.lock().unwrap_or_else(PoisonError::into_inner).push(name);
        if let Some(first) = &launch_spec.first {
            self.run_first(name, first, launch_spec).await?;
        }
        let launched = launch(name, launch_spec, self.layout, self.state_file).await?;
        (self.observer)(Event::Started(name));
        Ok(Some(launched))
    }

    /// Runs the program that prepares the data, if it has not run yet. It is recorded as the process itself, so that it can be
    /// stopped like it.
    async fn run_first(
        &self,
        name: ProcessName,
        first: &Preparation,
        launch_spec: &LaunchSpec,
    ) -> Result<(), StackError> {
        if first.creates.exists() {
            return Ok(());
        }
        files::remove(&first.draft).map_err(StackError::file(&first.draft, "removed"))?;
        for directory in &launch_spec.directories {
            files::make_directory(directory)?;
        }
        let command = Program { path: &first.program, arguments: &first.arguments, preparing: true };
        let Launched { mut child, log } = start(name, &command, launch_spec, self.layout, self.state_file).await?;
        let status = child.wait().await.map_err(|source| StackError::Spawn { name, source })?;
        if !status.success() {
            return Err(StackError::Crashed { name, ending: ending(Some(status)), lines: log.tail(), log: log.path });
        }
        fs::rename(&first.draft, &first.creates).map_err(StackError::file(&first.creates, "made"))
    }

    /// Waits until a process is ready, whether it was started now or earlier.
    async fn wait(&self, name: ProcessName, launched: Option<Launched>) -> Result<(), StackError> {
        let begin = Instant::now();
        let new = launched.is_some();
        let (mut child, log) = match launched {
            Some(Launched { child, log }) => (Some(child), log),
            None => (None, Log::of(self.layout.log(name))),
        };
        let port = self.state_file.state().ports.of(name);
        let home = self.layout.home(name);
        ready::wait(name, port, &home, child.as_mut(), &log, self.state_file, self.config.start_timeout).await?;
        self.state_file.change(|state| {
            if let Some(entry) = state.processes.get_mut(&name) {
                entry.executable = entry.running_executable();
            }
        })?;
        if new {
            (self.observer)(Event::Ready(name, begin.elapsed()));
        }
        Ok(())
    }

    /// Stops what this run has started. Processes that ran before are kept.
    async fn take_back(&self) -> Result<(), StackError> {
        let started = std::mem::take(&mut *self.started.lock().unwrap_or_else(PoisonError::into_inner));
        if started.is_empty() {
            return Ok(());
        }
        (self.observer)(Event::TakingBack);
        stop::stop(&started, self.layout, self.state_file, self.observer).await
    }
}
