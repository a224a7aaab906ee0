#pragma once

#include "core/nn/gpt_weights.h"
#include "core/nn/transcoder.h"

#include <filesystem>

namespace tt {

/// Reads what the Python TinyTranscoder saves. Nothing in its files is executed (torch_file.h); weights of float64,
/// float32, float16 and bfloat16. Throws Error, saying what the file is instead, for another.
///
/// `gpt_….pth` is a state dict: heads one by one, whose rows are joined here in their order, and causal masks ("tril"),
/// which are checked and left out. Dropout (0.1 there, in training only) and the tokenizer are not in it; the tokenizer
/// of the result is empty.
GptWeights<float> readOriginalGpt(const std::filesystem::path &file);

/// `transcoder.pth` holds the state dicts of `encoders` and `decoders`, feature_importance, which is not read, and
/// `config`. One decoder a layer, or one for each layer i and later layer j ("i_j", as the program it derives from has
/// them). The result reads and writes layer-normed values (TranscoderConfig::input) and keeps the k largest
/// pre-activations; k is not in the file.
TranscoderWeights<float> readOriginalTranscoder(const std::filesystem::path &file, int k);

/// Whether a file that torch.save wrote is such a transcoder, and no GPT. Throws Error where it is no such file.
bool isOriginalTranscoder(const std::filesystem::path &file);

} // namespace tt
