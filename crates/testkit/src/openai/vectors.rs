//! Embeddings without a model: texts that share words get vectors that point the same way.

/// A unit vector made of the words of `text`, the same on every machine. A text without words points along the first
/// axis.
pub fn hash_vector(text: &str, dimension: usize) -> Vec<f32> {
    let mut vector = vec![0.0_f32; dimension];
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let hash = fnv(&word.to_lowercase());
        for turn in 0..4_u64 {
            let mixed = (hash ^ turn).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let sign = if mixed >> 63 == 0 { 1.0 } else { -1.0 };
            vector[(mixed >> 20) as usize % dimension] += sign;
        }
    }
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length == 0.0 {
        vector[0] = 1.0;
        return vector;
    }
    vector.iter_mut().for_each(|x| *x /= length);
    vector
}

fn fnv(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::hash_vector;

    #[test]
    fn shared_words_bring_vectors_together() {
        let dot =
            |a: &str, b: &str| -> f32 { hash_vector(a, 256).iter().zip(hash_vector(b, 256)).map(|(x, y)| x * y).sum() };
        assert!((dot("broken window", "Broken, window!") - 1.0).abs() < 1e-5);
        assert!(dot("broken window", "broken door") > dot("broken window", "flooded cellar") + 0.2);
        assert_eq!(hash_vector("", 3), [1.0, 0.0, 0.0]);
    }
}
