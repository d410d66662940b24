use tokio::net::TcpListener;

use super::*;

const ONE: Load = Load {
    pieces: 1,
    pause: Duration::ZERO,
};

/// A server that echoes the first piece, and then does as it is told.
async fn faulty<F: Future>(then: impl FnOnce(TcpStream) -> F) -> io::Result<u64> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut piece = [0; PIECE];
        stream.read_exact(&mut piece).await.unwrap();
        stream.write_all(&piece).await.unwrap();
        then(stream).await;
    };
    let talk = async {
        let mut client = Client::connect(server, 7).await?;
        client.exchange(ONE).await?;
        client.close().await
    };
    tokio::join!(serve, talk).1
}

async fn read(stream: &mut TcpStream) -> [u8; PIECE] {
    let mut piece = [0; PIECE];
    stream.read_exact(&mut piece).await.unwrap();
    piece
}

#[tokio::test]
async fn an_echo_is_counted() {
    let echoed = faulty(async |mut stream: TcpStream| {
        let piece = read(&mut stream).await;
        stream.write_all(&piece).await.unwrap();
    });
    assert_eq!(echoed.await.unwrap(), 2 * PIECE as u64);
}

#[tokio::test]
async fn a_lost_byte_is_noticed() {
    let echoed = faulty(async |mut stream: TcpStream| {
        let piece = read(&mut stream).await;
        stream.write_all(&piece[1..]).await.unwrap();
    });
    assert_eq!(
        echoed.await.unwrap_err().kind(),
        io::ErrorKind::UnexpectedEof
    );
}

#[tokio::test]
async fn a_changed_byte_is_noticed() {
    let echoed = faulty(async |mut stream: TcpStream| {
        let mut piece = read(&mut stream).await;
        piece[PIECE - 1] ^= 1;
        stream.write_all(&piece).await.unwrap();
    });
    let error = echoed.await.unwrap_err().to_string();
    assert!(error.contains("not what was sent"), "{error}");
}

#[tokio::test]
async fn a_byte_too_many_is_noticed() {
    let echoed = faulty(async |mut stream: TcpStream| {
        let piece = read(&mut stream).await;
        stream.write_all(&piece).await.unwrap();
        stream.write_all(&[0]).await.unwrap();
    });
    let error = echoed.await.unwrap_err().to_string();
    assert!(error.contains("more came back"), "{error}");
}
