//! [`Cut`]: a TCP proxy before a server. It passes bytes on, and fails in a chosen way at a chosen byte.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How the connection fails. The bytes are counted from the moment when the fault is [set](Cut::fail), over
/// all connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Closes the connection after this many bytes of requests have been passed on.
    Request {
        /// Bytes that go through.
        after: usize,
    },
    /// Closes the connection after this many bytes of replies have been passed on. With none of them the
    /// request was executed, and no client learns of it.
    Reply {
        /// Bytes that go through.
        after: usize,
    },
    /// Passes requests on and withholds the replies; the connection stays open.
    Swallow,
    /// Changes the lowest bit of this byte of a request, once.
    FlipRequest {
        /// Bytes before it.
        after: usize,
    },
    /// Changes the lowest bit of this byte of a reply, once.
    FlipReply {
        /// Bytes before it.
        after: usize,
    },
    /// Passes each part of a reply on twice.
    Twice,
    /// Passes requests on, and replies with a text that never ends, one byte after the other.
    Drip,
    /// Closes every connection, and each new one as soon as it is made.
    Refuse,
}

/// Between two bytes of [`Fault::Drip`].
const DRIP: Duration = Duration::from_millis(20);

/// The proxy. When it is dropped, its threads end.
pub struct Cut {
    port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    server: u16,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    fault: Option<Fault>,
    cuts: usize,
    connections: usize,
    ended: bool,
    streams: Vec<TcpStream>,
    passing: Vec<JoinHandle<()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Request,
    Reply,
}

/// What to do after some bytes were passed on.
#[derive(PartialEq, Eq)]
enum Next {
    Go,
    Close,
    Drip,
}

impl Cut {
    /// A proxy to the server on this port, which passes everything on.
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a machine has free ports");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared { server, state: Mutex::default() });
        let accepting = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.accept(&listener)
        });
        Self { port, shared, accepting: Some(accepting) }
    }

    /// Where to connect in place of the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Fails in this way from now on. A cut at a byte happens once.
    pub fn fail(&self, fault: Fault) {
        let mut state = self.shared.state.lock().unwrap();
        state.fault = Some(fault);
        if fault == Fault::Refuse {
            state.cuts += 1;
            state.close_all();
        }
    }

    /// Passes everything on again. What was swallowed is lost.
    pub fn pass(&self) {
        self.shared.state.lock().unwrap().fault = None;
    }

    /// How often connections were cut, or bits flipped.
    pub fn cuts(&self) -> usize {
        self.shared.state.lock().unwrap().cuts
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.state.lock().unwrap().connections
    }
}

impl State {
    /// Makes of these bytes what is to be passed on.
    fn judge(&mut self, way: Way, bytes: &mut Vec<u8>) -> Next {
        let (after, flips) = match (&mut self.fault, way) {
            (Some(Fault::Request { after }), Way::Request) | (Some(Fault::Reply { after }), Way::Reply) => {
                (after, false)
            }
            (Some(Fault::FlipRequest { after }), Way::Request)
            | (Some(Fault::FlipReply { after }), Way::Reply) => (after, true),
            (Some(Fault::Twice), Way::Reply) => {
                bytes.extend_from_within(..);
                return Next::Go;
            }
            (Some(Fault::Swallow), Way::Reply) => {
                bytes.clear();
                return Next::Go;
            }
            (Some(Fault::Drip), Way::Reply) => {
                bytes.clear();
                return Next::Drip;
            }
            (Some(Fault::Refuse), _) => {
                bytes.clear();
                return Next::Close;
            }
            _ => return Next::Go,
        };
        // A cut before the first byte of what follows happens at once, a flip needs its byte.
        if bytes.len() < *after || (flips && bytes.len() == *after) {
            *after -= bytes.len();
            return Next::Go;
        }
        let after = *after;
        self.fault = None;
        self.cuts += 1;
        if flips {
            bytes[after] ^= 1;
            return Next::Go;
        }
        bytes.truncate(after);
        Next::Close
    }

    fn close_all(&mut self) {
        for stream in self.streams.drain(..) {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            let Ok(client) = client else { continue };
            let mut state = self.state.lock().unwrap();
            if state.ended {
                return;
            }
            state.connections += 1;
            if state.fault == Some(Fault::Refuse) {
                continue;
            }
            // If the server is down, the connection of the client is closed.
            let Ok(server) = TcpStream::connect(("127.0.0.1", self.server)) else { continue };
            for stream in [&client, &server] {
                stream.set_nodelay(true).expect("a stream takes options");
                state.streams.push(stream.try_clone().expect("a stream can be cloned"));
            }
            for (way, from, to) in [(Way::Request, &client, &server), (Way::Reply, &server, &client)] {
                let shared = Arc::clone(self);
                let from = from.try_clone().expect("a stream can be cloned");
                let to = to.try_clone().expect("a stream can be cloned");
                state.passing.push(thread::spawn(move || shared.pass(way, from, to)));
            }
        }
    }

    /// Passes bytes on until one side closes, or until the fault.
    fn pass(&self, way: Way, mut from: TcpStream, mut to: TcpStream) {
        let mut read = [0; 4096];
        loop {
            let count = from.read(&mut read).unwrap_or(0);
            if count == 0 {
                break;
            }
            let mut bytes = read[..count].to_vec();
            let next = self.state.lock().unwrap().judge(way, &mut bytes);
            if to.write_all(&bytes).is_err() || next == Next::Close {
                break;
            }
            if next == Next::Drip {
                self.drip(&mut to);
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}

impl Shared {
    /// Until the client closes the connection, or the proxy passes everything on again.
    fn drip(&self, to: &mut TcpStream) {
        let mut byte = b"+";
        while to.write_all(byte).is_ok() && self.state.lock().unwrap().fault == Some(Fault::Drip) {
            byte = b"x";
            thread::sleep(DRIP);
        }
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        let passing = {
            let mut state = self.shared.state.lock().unwrap();
            state.ended = true;
            state.fault = None;
            state.close_all();
            std::mem::take(&mut state.passing)
        };
        // This makes the thread check whether it must end.
        let woken = TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        let accepting = self.accepting.take().filter(|_| woken);
        for thread in accepting.into_iter().chain(passing) {
            let _ = thread.join();
        }
    }
}
