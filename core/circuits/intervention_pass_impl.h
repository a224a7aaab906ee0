#pragma once

// For core's .cpp files only: what the free and the direct pass of interventions share.

#include "core/circuits/intervention_pass.h"
#include "core/nn/kernels.h"

#include <algorithm>

namespace tt {

/// Rows of a pass: for each variant its positions first … last of the prompt, one after the other.
struct PassRows {
    struct Row {
        int variant = 0, position = 0;
    };
    std::vector<Row> rows;
    std::vector<int> first;      ///< (variants) the first changed position
    std::vector<int64_t> offset; ///< (variants) its row
    [[nodiscard]] int64_t count() const { return static_cast<int64_t>(rows.size()); }
};

/// From the first changed position of each variant on; variants without a change have the last position only.
inline PassRows rowsOf(std::span<const std::vector<PlacedChange>> variants, int length) {
    PassRows out;
    for (size_t v = 0; v < variants.size(); ++v) {
        int first = length - 1;
        for (const PlacedChange &change : variants[v])
            first = std::min(first, change.position);
        out.first.push_back(first);
        out.offset.push_back(out.count());
        for (int position = first; position < length; ++position)
            out.rows.push_back({static_cast<int>(v), position});
    }
    return out;
}

/// What the changes write into the MLP outputs, from the layer they belong to upwards.
template <class T>
class PendingWrites {
public:
    PendingWrites(const TranscoderWeights<T> &transcoder, int64_t rows)
        : transcoder_(&transcoder), rows_(rows), writes_(transcoder.layers.size()) {}

    /// Δ · d^{layer→l'} of every layer l' the feature decodes to.
    void add(int64_t row, const PlacedChange &change, T delta) {
        if (delta == T{0})
            return;
        const int64_t d = transcoder_->config.dModel;
        for (int to = change.layer; to < change.layer + transcoder_->config.decodersOf(change.layer); ++to) {
            std::vector<T> &writes = writes_[static_cast<size_t>(to)];
            writes.resize(static_cast<size_t>(rows_ * d));
            kernels<T>().axpy(delta, transcoder_->decoderRow(change.layer, change.feature, to).data(),
                              writes.data() + row * d, d);
        }
    }
    [[nodiscard]] bool has(int layer) const { return !writes_[static_cast<size_t>(layer)].empty(); }
    /// Adds the writes into `layer` to `values`, whose rows are `rows` of the pass.
    void apply(int layer, std::span<const int64_t> rows, T *values) const {
        const int64_t d = transcoder_->config.dModel;
        if (has(layer))
            for (size_t r = 0; r < rows.size(); ++r)
                kernels<T>().axpy(T{1}, writes_[static_cast<size_t>(layer)].data() + rows[r] * d,
                                  values + static_cast<int64_t>(r) * d, d);
    }

private:
    const TranscoderWeights<T> *transcoder_;
    int64_t rows_;
    std::vector<std::vector<T>> writes_; ///< by layer (rows, d), empty where nothing is written
};

/// V − a; exactly 0 where the activation stays.
template <class T>
T changeOf(const PlacedChange &change, T activation) {
    return static_cast<T>(changedActivation(change, static_cast<double>(activation)) - static_cast<double>(activation));
}

/// Rows `rows` of `from` (…, width).
template <class T>
std::vector<T> gatherRows(std::span<const T> from, std::span<const int64_t> rows, int64_t width) {
    std::vector<T> out(rows.size() * static_cast<size_t>(width));
    for (size_t r = 0; r < rows.size(); ++r)
        std::copy_n(from.begin() + rows[r] * width, width, out.begin() + static_cast<int64_t>(r) * width);
    return out;
}

/// A change and where its place is: the row of the writes, and the row of the stream that is computed.
struct ChangedPlace {
    int64_t row = 0, computed = 0;
    const PlacedChange *change = nullptr;
};

/// Encodes the changed places of `layer` anew from its input ln2 (rows, d) and adds what their changes write. Every
/// place reads the same input, whatever the others at its position do.
template <class T>
void addWrites(const TranscoderWeights<T> &transcoder, int layer, const std::vector<ChangedPlace> &places,
               std::span<const T> ln2, PendingWrites<T> &writes) {
    std::vector<int64_t> rows;
    for (const ChangedPlace &place : places)
        rows.push_back(place.computed);
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    if (rows.empty())
        return;
    const SparseActivations<T> active = encode<T>(transcoder, layer, gatherRows(ln2, rows, transcoder.config.dModel));
    for (const ChangedPlace &place : places) {
        const auto row = std::lower_bound(rows.begin(), rows.end(), place.computed) - rows.begin();
        writes.add(place.row, *place.change, changeOf(*place.change, activationIn(active, row, place.change->feature)));
    }
}

/// Changes of the final norm with patterns, LN scales and MLP outputs held: (rows, d), by the rows of `rows`.
template <class T>
std::vector<T> directFinalNormChange(const TracedPrompt<T> &prompt, std::span<const std::vector<PlacedChange>> variants,
                                     const PassRows &rows, const std::stop_token &stop);

} // namespace tt
