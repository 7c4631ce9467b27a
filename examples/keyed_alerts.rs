//! One alert a client and window, however many malformed requests it sends, that says how many they were. The
//! last ones of a client that falls silent are reported, too, and no thread that serves requests ever waits.

use atomic_throttle::{KeyedThrottled, Pending};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const ALERT_EVERY: Duration = Duration::from_millis(250);
const TRAFFIC: Duration = Duration::from_millis(1200);
const SERVERS: u32 = 4;

type Counts = BTreeMap<String, u64>;

/// Clients that send ever less often: the first one storms.
fn client_of(request: u32) -> String {
    format!("10.0.0.{}", 1 + request.trailing_zeros().min(5))
}

/// What one thread serves until the traffic ends: how many malformed requests of which client.
fn serve(alert: &KeyedThrottled<String>, server: u32, began: Instant) -> Counts {
    let mut sent = Counts::new();
    for request in (server..).step_by(SERVERS as usize) {
        let client = client_of(request);
        if alert.trigger(client.as_str()).is_ok() {
            *sent.entry(client).or_default() += 1;
        }
        if began.elapsed() > TRAFFIC {
            break;
        }
        thread::sleep(Duration::from_micros(50));
    }
    sent
}

fn main() -> ExitCode {
    let began = Instant::now();
    let reported = Arc::new(Mutex::new(Counts::new()));
    let in_alerts = Arc::clone(&reported);
    let alert = KeyedThrottled::spawn_counted(ALERT_EVERY, move |client: &String, calls| {
        let at = began.elapsed().as_millis();
        match calls - 1 {
            0 => println!("{at:>5} ms  {client}: a malformed request"),
            more => println!("{at:>5} ms  {client}: a malformed request, and {more} more"),
        }
        if let Ok(mut reported) = in_alerts.lock() {
            *reported.entry(client.clone()).or_default() += calls;
        }
    });

    let mut sent = Counts::new();
    thread::scope(|scope| {
        let servers: Vec<_> = (0..SERVERS)
            .map(|server| {
                let alert = &alert;
                scope.spawn(move || serve(alert, server, began))
            })
            .collect();
        for served in servers.into_iter().filter_map(|server| server.join().ok()) {
            for (client, requests) in served {
                *sent.entry(client).or_default() += requests;
            }
        }
    });
    println!("{:>5} ms  silence; {} alerts are pending", began.elapsed().as_millis(), alert.pending());

    // Each at the end of its window; nobody has to call once more.
    let ended = alert.shutdown(Pending::Finish);
    let reported = reported.lock().map(|reported| reported.clone()).unwrap_or_default();
    println!("{} alerts for {} requests", alert.runs(), sent.values().sum::<u64>());
    if ended.is_err() || reported != sent {
        eprintln!("reported {reported:?}, but these were sent: {sent:?}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
