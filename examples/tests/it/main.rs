//! Runs the examples as their users do and looks at what they print and how they end.

mod chat_server;
mod echo_server;
mod file_processor;
mod http_client;
mod process;
mod supervised_pipeline;
mod web_scraper;

#[path = "../../file-processor/scratch.rs"]
mod scratch;
