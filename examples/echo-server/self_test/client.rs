//! A client that knows what must come back.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

/// Bytes that no other client sends, and that repeat after no power of two: what is swapped, lost or sent twice shows.
#[derive(Clone, Debug)]
pub(super) struct Pattern(u64);

impl Pattern {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }

    /// SplitMix64, by Steele, Lea and Flood (2014).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// How much is sent at once, and compared at once.
pub(super) const PIECE: usize = 1024;

/// What a client sends, and how fast.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) pieces: usize,
    pub(super) pause: Duration,
}

/// A connection that has been served: its first bytes have come back.
#[derive(Debug)]
pub(super) struct Client {
    stream: TcpStream,
    pattern: Pattern,
    echoed: u64,
}

impl Client {
    pub(super) async fn connect(server: SocketAddr, seed: u64) -> io::Result<Self> {
        let mut client = Self {
            stream: TcpStream::connect(server).await?,
            pattern: Pattern::new(seed),
            echoed: 0,
        };
        let once = Load {
            pieces: 1,
            pause: Duration::ZERO,
        };
        client.exchange(once).await?;
        Ok(client)
    }

    /// Sends, reads what comes back meanwhile, and compares every byte.
    pub(super) async fn exchange(&mut self, load: Load) -> io::Result<()> {
        let (mut reader, mut writer) = self.stream.split();
        let mut sent = self.pattern.clone();
        let send = async {
            let mut piece = [0; PIECE];
            for _ in 0..load.pieces {
                sent.fill(&mut piece);
                writer.write_all(&piece).await?;
                if !load.pause.is_zero() {
                    sleep(load.pause).await;
                }
            }
            Ok(())
        };
        let receive = async {
            let (mut wanted, mut piece) = ([0; PIECE], [0; PIECE]);
            for _ in 0..load.pieces {
                self.pattern.fill(&mut wanted);
                reader.read_exact(&mut piece).await?;
                if piece != wanted {
                    return Err(io::Error::other("what came back is not what was sent"));
                }
                self.echoed += PIECE as u64;
            }
            Ok(())
        };
        tokio::try_join!(send, receive).map(drop)
    }

    /// Closes this side, and waits for the server's, on which nothing more may come. Gives how many bytes came back.
    pub(super) async fn close(mut self) -> io::Result<u64> {
        self.stream.shutdown().await?;
        self.wait_for_end().await
    }

    /// Waits for the server to close, without another word.
    pub(super) async fn wait_for_end(mut self) -> io::Result<u64> {
        let mut more = [0];
        match self.stream.read(&mut more).await? {
            0 => Ok(self.echoed),
            _ => Err(io::Error::other("more came back than was sent")),
        }
    }

    /// Talks until the server has had enough of it; gives the error by which that shows.
    pub(super) async fn talk_for_ever(mut self) -> io::Error {
        let load = Load {
            pieces: 1,
            pause: Duration::from_millis(5),
        };
        loop {
            if let Err(error) = self.exchange(load).await {
                return error;
            }
        }
    }
}

#[cfg(test)]
mod tests;
