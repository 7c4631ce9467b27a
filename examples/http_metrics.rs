//! A web server that counts its requests, and posts the counts to a collector at most every 50 ms. A handler never waits
//! for the collector, and no count is lost while that cannot be reached.

use atomic_throttle::{Retry, Throttled};
use main_error::MainResult;
use std::error::Error;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;
use tiny_http::{Response, Server};
use ureq::Agent;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Adds up what is posted. It is overloaded at each third request.
fn collect(collector: &Server) -> Result<u64> {
    let mut sum = 0;
    for (number, mut request) in collector.incoming_requests().enumerate() {
        let mut text = String::new();
        request.as_reader().read_to_string(&mut text)?;
        let is_overloaded = number % 3 == 0;
        request.respond(Response::empty(if is_overloaded { 503 } else { 204 }))?;
        sum += if is_overloaded { 0 } else { text.parse()? };
    }
    Ok(sum)
}

fn serve_and_collect(server: &Server, collector: &Server, client: &Agent) -> Result<u64> {
    let (outgoing, post_to) = (client.clone(), format!("http://{}", collector.server_addr()));
    let metrics = Throttled::builder(Duration::from_millis(50))
        .merging(|sum, more| *sum += more)
        .retry(Retry::exponential(Duration::from_millis(10), Duration::from_secs(10)))
        .spawn(move |sum: &u64| outgoing.post(&post_to).send(sum.to_string()).map(drop))?;
    let handle = |request: tiny_http::Request| -> Result<()> {
        metrics.trigger(1)?;
        Ok(request.respond(Response::from_string("hello"))?)
    };
    thread::scope(|scope| {
        let serving = scope.spawn(|| server.incoming_requests().try_for_each(handle));
        let collecting = scope.spawn(|| collect(collector));
        let page = format!("http://{}", server.server_addr());
        let asked = (0..400).try_for_each(|_| client.get(&page).call().map(drop));
        let posted = metrics.all().wait(); // Until the last count is posted, however often that is tried.
        server.unblock();
        collector.unblock();
        asked?;
        posted?;
        serving.join().expect("a handler does not panic")?;
        collecting.join().expect("the collector does not panic")
    })
}

fn main() -> MainResult {
    let listen = || Server::http("127.0.0.1:0").map_err(|error| error.to_string());
    let client = Agent::config_builder().proxy(None).build().new_agent();
    let counted = serve_and_collect(&listen()?, &listen()?, &client).map_err(|error| error.to_string())?;
    assert_eq!(counted, 400, "none is lost, and none is counted twice");
    writeln!(io::stdout(), "400 requests, {counted} counted by the collector")?;
    Ok(())
}
