//! [`Connection`]: sends commands and receives answers, within the deadline of the operation.

use super::deadline::Deadline;
use super::failure::Failure;
use super::socket::Socket;
#[cfg(feature = "tls")]
use super::tls::TlsStream;
use redis::{Cmd, Parser, Value, cmd};
use std::io::{self, Read, Write};

/// No answer of a server that executes our commands is as long as this.
const LONGEST_ANSWER: usize = 64 * 1024;

/// After a failure it must not be used again: the rest of an answer would be taken for the next one.
pub(super) struct Connection {
    stream: Stream,
    parser: Parser,
    /// Whether this server, or a proxy before it, has refused to execute scripts by their digest.
    pub(super) whole_scripts: bool,
}

pub(super) enum Stream {
    Plain(Socket),
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream>),
}

/// Who we are, for a server.
#[derive(Clone, Default)]
pub(super) struct Credentials {
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, parser: Parser::new(), whole_scripts: false }
    }

    pub(super) fn authenticate(
        &mut self,
        credentials: &Credentials,
        deadline: Deadline,
    ) -> Result<(), Failure> {
        let Some(password) = &credentials.password else { return Ok(()) };
        let mut auth = cmd("AUTH");
        if let Some(username) = &credentials.username {
            auth.arg(username);
        }
        self.confirm(auth.arg(password), deadline)
    }

    pub(super) fn select(&mut self, db: u32, deadline: Deadline) -> Result<(), Failure> {
        if db == 0 { Ok(()) } else { self.confirm(cmd("SELECT").arg(db), deadline) }
    }

    fn confirm(&mut self, command: &Cmd, deadline: Deadline) -> Result<(), Failure> {
        match self.ask(command, deadline)? {
            Value::Okay => Ok(()),
            _ => Err(Failure::OutOfStep),
        }
    }

    /// Sends a command, and returns the answer. An answer that is an error is a failure.
    pub(super) fn ask(&mut self, command: &Cmd, deadline: Deadline) -> Result<Value, Failure> {
        self.stream.until(deadline);
        let sent = self.stream.write_all(&command.get_packed_command()).and_then(|()| self.stream.flush());
        sent.map_err(|error| Failure::asking(error, deadline))?;
        let mut answer = Answer { stream: &mut self.stream, room: LONGEST_ANSWER, failed: None };
        match self.parser.parse_value(&mut answer) {
            Ok(Value::ServerError(error)) => Err(Failure::Server(error)),
            Ok(value) => Ok(value),
            Err(error) => Err(match answer.failed {
                Some(failed) => Failure::asking(failed, deadline),
                None => Failure::NotRedis(error),
            }),
        }
    }
}

impl Stream {
    fn until(&mut self, deadline: Deadline) {
        match self {
            Self::Plain(socket) => socket.until(deadline),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.sock.until(deadline),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(bytes),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.read(bytes),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// What the parser reads. It keeps the true error, of which the parser keeps the text only.
struct Answer<'a> {
    stream: &'a mut Stream,
    room: usize,
    failed: Option<io::Error>,
}

impl Read for Answer<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            let room = self.room.min(bytes.len());
            let read = if room == 0 {
                Err(io::Error::new(io::ErrorKind::InvalidData, "the answer has no end"))
            } else {
                self.stream.read(&mut bytes[..room])
            };
            let failed = match read {
                Ok(0) => io::ErrorKind::UnexpectedEof.into(),
                Ok(read) => {
                    self.room -= read;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            let kind = failed.kind();
            self.failed = Some(failed);
            return Err(kind.into());
        }
    }
}
