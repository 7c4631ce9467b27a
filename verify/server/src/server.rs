//! [`Server`]: a real `redis-server` (or `valkey-server`) as a child process, on a free port, in a folder
//! that is removed with it.

use crate::clock::FakeClock;
use crate::eventually;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What a server keeps when it is killed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persistence {
    /// Nothing.
    #[default]
    None,
    /// What it saved last.
    Snapshots,
    /// All that it has confirmed: `appendonly yes`, `appendfsync always`.
    Always,
}

#[derive(Clone, Debug, Default)]
pub struct Options {
    pub persistence: Persistence,
    pub password: Option<String>,
    /// The port of the server that this one is a replica of.
    pub replica_of: Option<u16>,
    /// Whether its wall clock can be [stepped](Server::step_clock).
    pub fake_clock: bool,
    /// Further arguments.
    pub extra: Vec<String>,
}

pub struct Server {
    program: PathBuf,
    options: Options,
    folder: tempfile::TempDir,
    clock: Option<FakeClock>,
    port: u16,
    child: Option<Child>,
}

impl Server {
    /// Starts a server, and returns when it answers. `None` if a program that it needs is not installed; a
    /// notice that the test runner does not hide says so.
    pub fn start(options: Options) -> Option<Self> {
        let Some(program) = ["redis-server", "valkey-server"].into_iter().find_map(in_path) else {
            skipped("no redis-server or valkey-server in PATH");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder for the server");
        let clock = if options.fake_clock {
            let clock = FakeClock::new(folder.path());
            if clock.is_none() {
                skipped("no libfaketime to step the clock of a redis-server");
                return None;
            }
            clock
        } else {
            None
        };
        let mut server = Self { program, options, folder, clock, port: 0, child: None };
        // Another process may take the port before the server does.
        for _ in 0..20 {
            server.port = free_port();
            if server.try_start() {
                return Some(server);
            }
        }
        panic!("no server started:\n{}", server.log());
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// `redis://:password@127.0.0.1:port`
    pub fn url(&self) -> String {
        let credentials = self.options.password.as_ref().map(|password| format!(":{password}@"));
        format!("redis://{}127.0.0.1:{}", credentials.unwrap_or_default(), self.port)
    }

    /// The Unix socket on which it listens as well.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills it by SIGKILL, at any point of its work.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a child can be killed");
            child.wait().expect("a child can be waited for");
            FakeClock::clean_up(child.id());
        }
    }

    /// Starts it again, on the same port and in the same folder.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "it is running");
        eventually("a server starts again", || self.try_start().then_some(()));
    }

    /// Starts it again as a replica of the server on this port.
    pub fn start_again_as_replica_of(&mut self, primary: u16) {
        self.options.replica_of = Some(primary);
        self.start_again();
    }

    /// Kills it and starts it again.
    pub fn restart(&mut self) {
        self.kill();
        self.start_again();
    }

    /// Stops it by SIGSTOP, wherever it is. Connections to it stay open, and the kernel accepts new ones.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it continue.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Sets its wall clock forward or back. Only for a server that was started with such a clock.
    pub fn step_clock(&mut self, seconds: i64) {
        self.clock.as_mut().expect("it was started with a clock").step(seconds);
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it is running");
        kill_process(Pid::from_child(child), signal).expect("a child takes signals");
    }

    /// Whether it runs and answers. If not, it has ended, as it does if the port is taken.
    fn try_start(&mut self) -> bool {
        let mut command = Command::new(&self.program);
        command.args(self.arguments()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(clock) = &self.clock {
            clock.give(&mut command);
        }
        // Stored at once, so that it is ended whatever fails here.
        self.child = Some(command.spawn().expect("a program that is there can be started"));
        let answers = eventually("a server answers or ends", || {
            if self.has_ended() {
                return Some(false);
            }
            answers(self.port).ok().filter(|answers| *answers)
        });
        // The answer may come from another program.
        if !answers || self.has_ended() {
            self.kill();
        }
        self.child.is_some()
    }

    fn has_ended(&mut self) -> bool {
        let child = self.child.as_mut().expect("it was started");
        child.try_wait().expect("a child can be asked").is_some()
    }

    fn arguments(&self) -> Vec<String> {
        let folder = self.folder.path().display();
        let mut arguments = vec![
            format!("--port {}", self.port),
            "--bind 127.0.0.1".to_owned(),
            format!("--dir {folder}"),
            format!("--unixsocket {folder}/socket"),
            format!("--logfile {folder}/log"),
            "--daemonize no".to_owned(),
            // Replicas are served at once.
            "--repl-diskless-sync-delay 0".to_owned(),
        ];
        arguments.extend(match self.options.persistence {
            Persistence::None => vec!["--appendonly no".to_owned(), "--save ''".to_owned()],
            Persistence::Snapshots => vec!["--appendonly no".to_owned(), "--save 3600 1".to_owned()],
            Persistence::Always => {
                vec!["--appendonly yes".to_owned(), "--appendfsync always".to_owned(), "--save ''".to_owned()]
            }
        });
        arguments.extend(self.options.password.iter().map(|password| format!("--requirepass {password}")));
        arguments.extend(self.options.replica_of.iter().map(|port| format!("--replicaof 127.0.0.1 {port}")));
        arguments.extend(self.options.extra.iter().cloned());
        // In this form no argument contains blanks, except the empty list of `--save`.
        let split = arguments.iter().flat_map(|argument| argument.split(' '));
        split.map(|part| if part == "''" { String::new() } else { part.to_owned() }).collect()
    }

    /// What it has written down.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_else(|error| format!("no log: {error}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Prints past the test runner, which shows the output of a test only if it fails.
pub fn skipped(why: &str) {
    let test = std::thread::current();
    let _ = writeln!(io::stderr(), "\nSKIPPED: {why} ({})", test.name().unwrap_or("a test"));
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a machine has free ports");
    listener.local_addr().expect("it is bound").port()
}

pub(crate) fn in_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// What a server on this port answers to a line, without the lengths in it.
///
/// # Errors
///
/// If it does not answer.
pub fn ask(port: u16, line: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(format!("{line}\r\n").as_bytes())?;
    let (mut answer, mut reader, mut parts) = (String::new(), BufReader::new(stream), 1);
    while parts > 0 {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let length = line.trim().get(1..).and_then(|length| length.parse::<usize>().ok());
        match (line.as_bytes()[0], length) {
            (b'*', Some(length)) => parts += length,
            (b'$', Some(length)) => {
                let mut text = vec![0; length + 2];
                reader.read_exact(&mut text)?;
                answer += &String::from_utf8_lossy(&text);
            }
            _ => answer += &line,
        }
        parts -= 1;
    }
    Ok(answer)
}

/// Whether a server on this port accepts commands. It does not while it loads its data.
pub(crate) fn answers(port: u16) -> io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(answer.starts_with("+PONG") || answer.starts_with("-NOAUTH"))
}
