//! Google's Universal Sentence Encoder, multilingual, version 3: sixteen languages in one space of 512 dimensions, from
//! the quantised weights and the SentencePiece model as they are published.

mod network;
mod pieces;

use ports::embeddings::Embedded;
use ports::inference::InferenceError;

use super::config::{EncoderConfig, EncoderError};
use super::encoder::{Encode, Traits, internal, pool, unreadable};
use network::Network;
use pieces::Pieces;

pub const TRAITS: Traits =
    Traits { dimension: network::DIMENSION as u32, context_tokens: pieces::TOKENS_AT_MOST as u32, weights: WEIGHTS };

/// Tokens of all texts that are computed at once: enough to use the weights well, few enough to stay in the cache.
const TOKENS_AT_ONCE: usize = 384;

pub struct Universal {
    pieces: Pieces,
    network: Network,
    pool: rayon::ThreadPool,
}

impl Universal {
    pub fn load(config: &EncoderConfig) -> Result<Self, EncoderError> {
        let file = |name: &str| config.dir.join(name);
        let pieces = Pieces::load(&file(PIECES)).map_err(|reason| unreadable(PIECES, reason))?;
        let network = Network::load(&file(WEIGHTS)).map_err(|reason| unreadable(WEIGHTS, reason))?;
        if pieces.len() > network.rows() {
            return Err(unreadable(PIECES, format!("{} pieces, but {} vectors", pieces.len(), network.rows())));
        }
        Ok(Self { pieces, network, pool: pool(config)? })
    }
}

const WEIGHTS: &str = "weights.npz";
const PIECES: &str = "sp.model";

impl Encode for Universal {
    fn dimension(&self) -> usize {
        network::DIMENSION
    }

    fn embed(
        &self,
        texts: &[String],
        interrupted: &dyn Fn() -> Option<InferenceError>,
    ) -> Result<Embedded, InferenceError> {
        let (mut vectors, mut tokens) = (Vec::with_capacity(texts.len()), 0);
        let mut group: Vec<Vec<u32>> = Vec::new();
        let mut texts = texts.iter().peekable();
        while let Some(text) = texts.next() {
            let ids = self.pieces.ids(text).map_err(|reason| internal("the tokenizer", reason))?;
            tokens += ids.len() as u64;
            group.push(ids);
            if texts.peek().is_some() && group.iter().map(Vec::len).sum::<usize>() < TOKENS_AT_ONCE {
                continue;
            }
            if let Some(reason) = interrupted() {
                return Err(reason);
            }
            let found = self.pool.install(|| self.network.embed(&group));
            vectors.extend(found.map_err(|reason| internal("the embedding model", reason))?);
            group.clear();
        }
        Ok(Embedded { vectors, tokens })
    }
}
