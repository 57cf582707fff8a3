//! Weights that are too small for a processor.
//!
//! A weight that training has worn down to less than 1.2e-38 adds nothing, but processors compute with such numbers about
//! a hundred times slower: two layers of the published detector have a quarter of a million of them and took half of
//! its time.

use std::ops::Range;

use super::onnx::{FLOAT, GRAPH_TENSOR, MODEL_GRAPH, TENSOR_BYTES, TENSOR_TYPE, fields};

/// Makes every subnormal weight of an ONNX file zero; gives how many. What is no such file stays as it is.
pub fn settle(model: &mut [u8]) -> usize {
    let places = tensors(model).unwrap_or_default();
    places.into_iter().map(|place| settle_numbers(&mut model[place])).sum()
}

/// Where the numbers of every tensor of floats lie.
fn tensors(model: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    for graph in fields(model)?.into_iter().filter(|field| field.number == MODEL_GRAPH) {
        for tensor in fields(graph.content?)?.into_iter().filter(|field| field.number == GRAPH_TENSOR) {
            let parts = fields(tensor.content?)?;
            if !parts.iter().any(|part| part.number == TENSOR_TYPE && part.value == FLOAT) {
                continue;
            }
            for part in parts.into_iter().filter(|part| part.number == TENSOR_BYTES) {
                let start = graph.at + tensor.at + part.at;
                found.push(start..start + part.content?.len());
            }
        }
    }
    Some(found)
}

fn settle_numbers(bytes: &mut [u8]) -> usize {
    let mut settled = 0;
    for number in bytes.as_chunks_mut::<4>().0 {
        if f32::from_le_bytes(*number).is_subnormal() {
            *number = 0.0_f32.to_le_bytes();
            settled += 1;
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::super::onnx::{put, put_content};
    use super::*;

    fn model(kind: u64, values: &[f32]) -> Vec<u8> {
        let (mut tensor, mut graph, mut model) = (Vec::new(), Vec::new(), Vec::new());
        put(&mut tensor, TENSOR_TYPE << 3);
        put(&mut tensor, kind);
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        put_content(&mut tensor, TENSOR_BYTES, &bytes);
        put_content(&mut graph, GRAPH_TENSOR, &tensor);
        put_content(&mut model, 1, b"kept");
        put_content(&mut model, MODEL_GRAPH, &graph);
        model
    }

    #[test]
    fn subnormal_weights_become_zero_and_nothing_else_changes() {
        let mut worn = model(FLOAT, &[1.0, 1e-39, -2e-40, f32::MIN_POSITIVE, 0.0, -3.5]);
        assert_eq!(settle(&mut worn), 2);
        assert_eq!(worn, model(FLOAT, &[1.0, 0.0, 0.0, f32::MIN_POSITIVE, 0.0, -3.5]));
        let whole_numbers = model(7, &[1e-39]);
        let mut same = whole_numbers.clone();
        assert_eq!((settle(&mut same), same), (0, whole_numbers));
    }

    #[test]
    fn what_is_no_model_stays_as_it_is() {
        for file in [&b"not a model"[..], b"", b"\x3a\xff\xff\xff\xff\x0f"] {
            let mut same = file.to_vec();
            assert_eq!(settle(&mut same), 0);
            assert_eq!(same, file);
        }
    }
}
