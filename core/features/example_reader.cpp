#include "core/features/example_reader.h"

#include "core/nn/gpt_forward.h"

#include <algorithm>

namespace tt {

namespace {
constexpr size_t windowsAtOnce = 16;
}

/// Windows of one length and the pieces wanted of them, ascending.
struct ExampleReader::Batch {
    int64_t length = 0;
    std::vector<int64_t> windows; ///< offset of the first token
    std::span<const Piece> pieces;
};

ExampleReader::ExampleReader(const Dictionary &dictionary, int layer)
    : dictionary_(dictionary), layer_(layer), window_(dictionary.index->windowLength()) {}

size_t ExampleReader::want(int feature, int64_t begin, int64_t end) {
    stretches_.push_back({begin, end, values_.size()});
    for (int64_t from = begin; from < end;) {
        const int64_t to = std::min(end, (from / window_ + 1) * window_);
        pieces_.push_back({from, static_cast<int32_t>(to - from), feature,
                           stretches_.back().values + static_cast<size_t>(from - begin)});
        from = to;
    }
    values_.resize(values_.size() + static_cast<size_t>(end - begin));
    return stretches_.size() - 1;
}

void ExampleReader::run(const std::stop_token &stop, const ProgressSink &progress) {
    std::stable_sort(pieces_.begin(), pieces_.end(), [](const Piece &a, const Piece &b) { return a.begin < b.begin; });
    ProgressThrottle throttle(progress);
    const auto report = [&](size_t done) {
        return Progress{"Reading examples", static_cast<double>(done), static_cast<double>(pieces_.size()), "examples"};
    };
    for (size_t first = 0; first < pieces_.size();) {
        Batch batch;
        size_t end = first;
        for (; end < pieces_.size(); ++end) {
            const int64_t window = pieces_[end].begin / window_ * window_;
            const int64_t length = std::min(window_, dictionary_.tokens->size() - window); // the last may be shorter
            if (!batch.windows.empty() && batch.windows.back() == window)
                continue;
            if (batch.windows.size() == windowsAtOnce || (!batch.windows.empty() && length != batch.length))
                break;
            batch.windows.push_back(window);
            batch.length = length;
        }
        batch.pieces = std::span<const Piece>(pieces_).subspan(first, end - first);
        runBatch(batch, stop);
        first = end;
        throttle.report(report(first));
    }
    throttle.finish(report(pieces_.size()));
}

void ExampleReader::runBatch(Batch &batch, const std::stop_token &stop) {
    throwIfStopped(stop);
    const ExplainedModel &model = *dictionary_.model;
    const auto d = static_cast<std::ptrdiff_t>(model.gpt.config.dModel);
    const auto length = static_cast<size_t>(batch.length);
    std::vector<int32_t> ids(batch.windows.size() * length);
    for (size_t i = 0; i < batch.windows.size(); ++i)
        dictionary_.tokens->read(batch.windows[i], std::span(ids).subspan(i * length, length));
    GptActivations<float> activations;
    forward<float>(model.gpt, ids, static_cast<int>(batch.windows.size()), activations, layer_ + 1);
    throwIfStopped(stop);
    const std::vector<float> &ln2 = activations.blocks[static_cast<size_t>(layer_)].ln2;
    const auto rowOf = [&](const Piece &piece) {
        const auto window = std::upper_bound(batch.windows.begin(), batch.windows.end(), piece.begin) - 1;
        return static_cast<size_t>(window - batch.windows.begin()) * length +
               static_cast<size_t>(piece.begin - *window);
    };
    std::vector<int64_t> encoded(ids.size(), -1); // row of those that are encoded: encoding is what costs
    for (const Piece &piece : batch.pieces)
        std::fill_n(encoded.begin() + static_cast<std::ptrdiff_t>(rowOf(piece)), piece.length, 0);
    std::vector<float> rows;
    int64_t count = 0;
    for (size_t row = 0; row < encoded.size(); ++row)
        if (encoded[row] == 0) {
            const auto from = ln2.begin() + static_cast<std::ptrdiff_t>(row) * d;
            rows.insert(rows.end(), from, from + d);
            encoded[row] = count++;
        }
    const SparseActivations<float> active = encode<float>(model.transcoder, layer_, rows);
    for (const Piece &piece : batch.pieces)
        for (size_t i = 0, row = rowOf(piece); i < static_cast<size_t>(piece.length); ++i)
            values_[piece.values + i] = activationIn(active, encoded[row + i], piece.feature);
}

TokenStretch ExampleReader::stretch(size_t number) const {
    const auto [begin, end, values] = stretches_[number];
    TokenStretch stretch{.offset = begin, .ids = {}, .tokens = {}, .activations = {}};
    stretch.ids.resize(static_cast<size_t>(end - begin));
    dictionary_.tokens->read(begin, stretch.ids);
    for (const int32_t id : stretch.ids)
        stretch.tokens.push_back(dictionary_.model->tokenizer.text(id));
    const auto first = values_.begin() + static_cast<std::ptrdiff_t>(values);
    stretch.activations.assign(first, first + static_cast<std::ptrdiff_t>(stretch.ids.size()));
    return stretch;
}

} // namespace tt
