//! A service that posts the newest status of each tenant to the tenant's own webhook: at most every 100 ms for one that pays,
//! every 400 ms for one that does not. A webhook that is down is tried again; one that is slow holds up no other tenant.

use atomic_throttle::{Carried, KeyedThrottled, Latest, Retry, Threshold, Tokio};
use main_error::MainResult;
use std::collections::HashMap;
use std::error::Error;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;
use tiny_http::{Response, Server};
use tokio::task::spawn_blocking;
use ureq::Agent;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const TENANTS: [&str; 3] = ["free-slow", "paid-down", "paid"];
const LAST: u32 = 1000;

/// The webhooks of all tenants. Returns the newest status of each, and how many posts it has taken.
fn receive(webhooks: &Server) -> Result<HashMap<String, (u32, u32)>> {
    let mut received = HashMap::new();
    for (number, mut request) in webhooks.incoming_requests().enumerate() {
        let tenant = request.url().trim_start_matches('/').to_owned();
        let mut status = String::new();
        request.as_reader().read_to_string(&mut status)?;
        let is_down = tenant == "paid-down" && number < 20;
        if !is_down {
            let (newest, posts) = received.entry(tenant.clone()).or_insert((0, 0));
            (*newest, *posts) = (status.parse()?, *posts + 1);
        }
        let respond = move || request.respond(Response::empty(if is_down { 503 } else { 204 }));
        if tenant.ends_with("slow") {
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(200));
                respond()
            });
        } else {
            respond()?;
        }
    }
    Ok(received)
}

fn notifier(client: Agent, url: String) -> Result<KeyedThrottled<String, Latest<u32>>> {
    let post = async move |tenant: String, status: Carried<u32>| -> Result<()> {
        let (client, url, text) = (client.clone(), format!("{url}/{tenant}"), status.to_string());
        // This client blocks. An async one is awaited here.
        spawn_blocking(move || client.post(&url).send(text).map(drop)).await??;
        Ok(())
    };
    Ok(KeyedThrottled::<String>::builder(Duration::from_millis(100))
        .threshold_of(|tenant| {
            Threshold::new(Duration::from_millis(if tenant.starts_with("free") { 400 } else { 100 }))
        })
        .latest()
        .retry(Retry::exponential(Duration::from_millis(20), Duration::from_secs(1)))
        .max_concurrent(8)
        .max_keys(100_000)
        .spawn_on(Tokio::current(), post)?)
}

async fn work(notify: &KeyedThrottled<String, Latest<u32>>) -> Result<()> {
    for status in 1..=LAST {
        for tenant in TENANTS {
            notify.trigger(tenant, status)?; // It never waits, and posts nothing here.
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(notify.all().await?) // Until the last status of each tenant is posted, however often that is tried.
}

fn main() -> MainResult {
    let webhooks = Server::http("127.0.0.1:0").map_err(|error| error.to_string())?;
    let client = Agent::config_builder().proxy(None).build().new_agent();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let received = thread::scope(|scope| {
        let receiving = scope.spawn(|| receive(&webhooks));
        let worked = runtime.block_on(async {
            let notify = notifier(client, format!("http://{}", webhooks.server_addr()))?;
            work(&notify).await
        });
        webhooks.unblock();
        worked.and_then(|()| receiving.join().expect("the webhooks do not panic"))
    });
    let received = received.map_err(|error| error.to_string())?;
    for tenant in TENANTS {
        let (newest, posts) = received[tenant];
        assert_eq!(newest, LAST, "the last status of {tenant} is never lost");
        writeln!(io::stdout(), "{tenant}: {LAST} changes, {posts} posts, the last one of status {newest}")?;
    }
    Ok(())
}
