#pragma once

#include "core/io/workspace.h"
#include "core/progress.h"
#include "core/train/gpt_training.h"
#include "core/train/transcoder_evaluation.h"

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace tt {

/// A model that ships is made from a workspace in which a GPT and its transcoders were trained.
struct PackConfig {
    std::string name = "tinystories-tiny";
    std::vector<std::string> transcoders; ///< the first is the one that the model opens with
    int64_t generatedStories = 1'000;     ///< of the corpus of examples, from the story generator
    int64_t writtenStories = 1'400;       ///< from the GPT itself
    double temperature = 0.9;             ///< of the GPT's stories
    int longestCopy = 30;          ///< words: a story that has so many in a row from the training corpus is left out
    int64_t sampledTokens = 4'096; ///< of the index's sample for co-activation
    int labels = 200, leastLabels = 40; ///< of each transcoder, at most and at least
    std::vector<std::string> prompts;   ///< traced with the first transcoder and saved
    double mostMegabytes = 40;          ///< of the folder; 1 MB = 10^6 bytes
    std::string dataLicence;            ///< of what the model was trained on, for the card
    uint64_t seed = 0;

    [[nodiscard]] std::vector<Problem> validate() const;
};
/// The five prompts that are saved unless others are asked for.
std::vector<std::string> shippedPrompts();

/// Figures on the held-out stories of the corpus that the GPT was trained on, with the weights as they were trained
/// (float32) and as they ship (float16).
struct PackedTranscoder {
    std::string name;
    TranscoderMetrics trained, shipped;
    int64_t alive = 0, features = 0; ///< of the index
    int labels = 0;
    double leastLabelShare = 1; ///< of the top examples that a label's words hold for, the smallest
};
struct PackedModel {
    HeldOutLoss trained, shipped;
    std::vector<PackedTranscoder> transcoders;
    int64_t generatedStories = 0, writtenStories = 0, leftOutStories = 0;
    int64_t corpusTokens = 0, bytes = 0;
    std::vector<std::string> graphs;
};

/// Writes the folder `out` (replaced when everything is done): a workspace with the tokenizer, the GPT and the
/// transcoders in float16, a corpus of generated stories and of stories that the GPT wrote, the indexes of that corpus,
/// checked labels, traced prompts, card.md and manifest.json. Nothing of the training corpus goes in. Throws Error
/// where the folder would be larger than asked for.
PackedModel packModel(const Workspace &source, const std::filesystem::path &out, const PackConfig &config,
                      std::stop_token stop, const ProgressSink &progress);

} // namespace tt
