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

    fn embed(&self, texts: &[String]) -> Result<Embedded, InferenceError> {
        let ids = texts.iter().map(|text| self.pieces.ids(text)).collect::<Result<Vec<_>, _>>();
        let ids = ids.map_err(|reason| internal("the tokenizer", reason))?;
        let vectors = self.pool.install(|| self.network.embed(&ids));
        let vectors = vectors.map_err(|reason| internal("the embedding model", reason))?;
        Ok(Embedded { vectors, tokens: ids.iter().map(|ids| ids.len() as u64).sum() })
    }
}
