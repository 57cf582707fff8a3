//! What is read from the model's file.

use std::path::Path;

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;

use crate::error::LlamaError;
use crate::prompt::ChatTemplate;

pub(super) fn template(model: &LlamaModel) -> ChatTemplate {
    let source = model.chat_template(None).ok().and_then(|template| template.to_string().ok());
    let vocabulary = model.vocab();
    let spelled = |token: LlamaToken| {
        if token.0 < 0 {
            return String::new();
        }
        String::from_utf8_lossy(&vocabulary.token_to_piece(token, true, None)).into_owned()
    };
    ChatTemplate::new(source, spelled(vocabulary.bos()), spelled(vocabulary.eos()))
}

/// Spellings of the tokens that structure a prompt.
pub(super) fn control_marks(model: &LlamaModel) -> Vec<String> {
    let vocabulary = model.vocab();
    let control = vocabulary.tokens().filter(|token| vocabulary.is_control(*token));
    control.filter_map(|token| String::from_utf8(vocabulary.token_to_piece(token, true, None)).ok()).collect()
}

/// Loads the weights; `progress` is told how far it is and may stop it by answering `false`.
pub fn load_model(
    backend: &LlamaBackend,
    path: &Path,
    progress: impl FnMut(f32) -> bool + 'static,
) -> Result<LlamaModel, LlamaError> {
    if !path.is_file() {
        return Err(LlamaError::Missing(LlamaError::file_name(path)));
    }
    let parameters = LlamaModelParams::default().with_progress_callback(progress);
    LlamaModel::load_from_file(backend, path, &parameters)
        .map_err(|_| LlamaError::Unreadable(LlamaError::file_name(path)))
}
