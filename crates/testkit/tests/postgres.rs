//! The temporary PostgreSQL starts, listens and goes.

use std::net::TcpStream;

use testkit::postgres::TempPostgres;

#[test]
fn a_server_lives_as_long_as_its_value() {
    let Some(server) = TempPostgres::or_skip("a_server_lives_as_long_as_its_value") else { return };
    let url = server.url();
    let address = url.trim_start_matches("postgres://claims@").trim_end_matches("/claims").to_owned();
    TcpStream::connect(&address).expect("it listens");
    drop(server);
    TcpStream::connect(&address).expect_err("it has stopped");
}
