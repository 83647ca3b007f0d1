//! A server whose response times are known: it is told how long to take, and notes how late it was.
//!
//! Each connection has a thread that sleeps, because the runtime's timers count in whole milliseconds.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use storemgr::net::Target;

/// How long an answer takes, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub enum Delay {
    /// Always the same.
    Fixed(f64),
    /// One in twenty takes the second.
    Bimodal(f64, f64),
    /// Log-normal: its median, and the standard deviation of its logarithm.
    LogNormal(f64, f64),
    /// The first, but from one second of the run to the third nothing is answered.
    Stall(f64),
}

/// The server.
pub struct Calibrated {
    pub target: Target,
    answers: Arc<Mutex<Vec<Answer>>>,
    asked: Arc<AtomicU64>,
    paths: Arc<Mutex<std::collections::HashSet<String>>>,
}

/// How long an answer was to take, and how much longer it took, because a thread that was to wake up did so late.
#[derive(Clone, Copy)]
struct Answer {
    told: Duration,
    late: Duration,
}

impl Calibrated {
    pub fn start(delay: Delay) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target::loopback(listener.local_addr().unwrap().port());
        let server = Self { target, answers: Arc::default(), asked: Arc::default(), paths: Arc::default() };
        let (answers, asked, paths) =
            (Arc::clone(&server.answers), Arc::clone(&server.asked), Arc::clone(&server.paths));
        let first = Arc::new(Mutex::new(None));
        // Ends with the test process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let talk = Talk {
                    delay,
                    answers: Arc::clone(&answers),
                    asked: Arc::clone(&asked),
                    paths: Arc::clone(&paths),
                    first: Arc::clone(&first),
                };
                let stream = stream.unwrap();
                std::thread::Builder::new().stack_size(128 << 10).spawn(move || talk.talk(stream)).unwrap();
            }
        });
        server
    }

    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// How many different paths were asked for.
    pub fn paths(&self) -> usize {
        self.paths.lock().unwrap().len()
    }

    /// How long answers were to take, in milliseconds, the shortest first.
    pub fn told(&self) -> Vec<f64> {
        self.sorted(|answer| answer.told)
    }

    /// How much longer they took by the server's own clock, in milliseconds, the shortest first.
    pub fn late(&self) -> Vec<f64> {
        self.sorted(|answer| answer.late)
    }

    fn sorted(&self, of: impl Fn(&Answer) -> Duration) -> Vec<f64> {
        let answers = self.answers.lock().unwrap();
        let mut times: Vec<f64> = answers.iter().map(|answer| of(answer).as_secs_f64() * 1e3).collect();
        times.sort_by(f64::total_cmp);
        times
    }
}

struct Talk {
    delay: Delay,
    answers: Arc<Mutex<Vec<Answer>>>,
    asked: Arc<AtomicU64>,
    paths: Arc<Mutex<std::collections::HashSet<String>>>,
    /// When the first request came.
    first: Arc<Mutex<Option<Instant>>>,
}

impl Talk {
    fn talk(&self, mut stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        let (mut received, mut buffer) = (Vec::new(), [0; 4_096]);
        loop {
            while !received.ends_with(b"\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(count @ 1..) => received.extend_from_slice(&buffer[..count]),
                    _ => return,
                }
            }
            if super::asks_about_the_store(&received) {
                received.clear();
                stream.write_all(super::NO_STORE).unwrap();
                continue;
            }
            let arrived = Instant::now();
            let number = self.asked.fetch_add(1, Ordering::SeqCst);
            let head = String::from_utf8_lossy(&received);
            self.paths.lock().unwrap().insert(head.split(' ').nth(1).unwrap().to_owned());
            received.clear();
            let start = *self.first.lock().unwrap().get_or_insert(arrived);
            let due = self.due(number, arrived, start);
            wait_until(due);
            if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]").is_err() {
                return;
            }
            self.answers.lock().unwrap().push(Answer { told: due - arrived, late: due.elapsed() });
        }
    }

    fn due(&self, number: u64, arrived: Instant, start: Instant) -> Instant {
        let milliseconds = |value: f64| Duration::from_secs_f64(value / 1e3);
        match self.delay {
            Delay::Fixed(took) => arrived + milliseconds(took),
            Delay::Bimodal(fast, slow) => arrived + milliseconds(if number % 20 == 7 { slow } else { fast }),
            Delay::LogNormal(median, deviation) => arrived + milliseconds(median * (deviation * normal(number)).exp()),
            Delay::Stall(took) => {
                let due = arrived + milliseconds(took);
                let stall = start + Duration::from_secs(1)..start + Duration::from_secs(3);
                if stall.contains(&due) { stall.end } else { due }
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own, and more precise than the runtime's timers")]
fn wait_until(due: Instant) {
    std::thread::sleep(due.saturating_duration_since(Instant::now()));
}

/// The numbers from 0 on, as draws from a standard normal distribution: sums of twelve evenly distributed ones.
fn normal(number: u64) -> f64 {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678;
    let mut sum = 0.0;
    for _ in 0..12 {
        // SplitMix64 (Steele, Lea, Flood, 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        sum += ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
    }
    sum - 6.0
}

/// The smallest value that so many per cent do not exceed, as the load tester defines it.
pub fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}
