#pragma once

#include "core/features/dictionary.h"
#include "core/progress.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tt {

/// Consecutive tokens of the corpus with a feature's activation at each.
struct TokenStretch {
    int64_t offset = 0; ///< of the first
    std::vector<int32_t> ids;
    std::vector<std::string> tokens; ///< Tokenizer::text
    std::vector<float> activations;
};

/// Activations of features of one layer at chosen tokens of the corpus, as the index saw them: the model runs on each
/// window that is wanted once, several windows at a time. Memory: 4 bytes a wanted token and 32 a wanted stretch.
class ExampleReader {
public:
    ExampleReader(const Dictionary &dictionary, int layer);
    /// Wants a feature's activations at tokens [begin, end), and says under which number they will be found.
    size_t want(int feature, int64_t begin, int64_t end);
    /// Throws Error(Cancelled) on a stop.
    void run(const std::stop_token &stop, const ProgressSink &progress = {});
    [[nodiscard]] TokenStretch stretch(size_t number) const;

private:
    struct Stretch {
        int64_t begin = 0, end = 0;
        size_t values = 0; ///< where its activations are
    };
    struct Piece { ///< of a stretch, within one window
        int64_t begin = 0;
        int32_t length = 0, feature = 0;
        size_t values = 0;
    };
    struct Batch;
    void runBatch(Batch &batch, const std::stop_token &stop);

    const Dictionary &dictionary_;
    int layer_;
    int64_t window_; ///< tokens
    std::vector<Stretch> stretches_;
    std::vector<Piece> pieces_;
    std::vector<float> values_;
};

} // namespace tt
