#include "core/nn/sparse_encoding.h"

#include "core/nn/gemm.h"
#include "core/nn/sparse_kernels.h"

#include <algorithm>

#include <omp.h>

namespace tt {

namespace {
constexpr int64_t blockValues = int64_t{1} << 20; // pre-activations at a time: 4 MB of floats, near the cache

/// Calls visit(first row, rows, their products without bias) for blocks of rows.
template <class T, class Visit>
void eachBlock(const EncoderView<T> &e, std::span<const T> input, Visit visit) {
    const auto rows = static_cast<int64_t>(input.size()) / e.d;
    const int64_t blockRows = std::clamp<int64_t>(blockValues / e.features, 1, std::max<int64_t>(rows, 1));
    std::vector<T> block(static_cast<size_t>(blockRows * e.features));
    for (int64_t first = 0; first < rows; first += blockRows) {
        const int64_t count = std::min(blockRows, rows - first);
        linear<T>(input.data() + first * e.d, e.weights, block.data(), count, e.d, e.features);
        visit(first, count, block.data());
    }
}

/// The kept entries of rows that several threads fill, each row by one of them.
template <class T>
struct RowEntries {
    std::vector<int32_t> features;
    std::vector<T> values;
};

template <class T>
SparseActivations<T> join(const std::vector<RowEntries<T>> &rows) {
    SparseActivations<T> out;
    out.offsets.reserve(rows.size() + 1);
    for (const RowEntries<T> &row : rows)
        out.offsets.push_back(out.offsets.back() + static_cast<int64_t>(row.values.size()));
    out.features.reserve(static_cast<size_t>(out.offsets.back()));
    out.values.reserve(static_cast<size_t>(out.offsets.back()));
    for (const RowEntries<T> &row : rows) {
        out.features.insert(out.features.end(), row.features.begin(), row.features.end());
        out.values.insert(out.values.end(), row.values.begin(), row.values.end());
    }
    return out;
}

/// TopK and Above: rows are independent.
template <class T>
SparseActivations<T> encodeRows(const EncoderView<T> &e, std::span<const T> input, const Selection<T> &selection) {
    const SparseKernels<T> &kernels = sparseKernels<T>();
    const bool topK = selection.rule == Selection<T>::Rule::TopK;
    const int64_t k = std::min(selection.k, e.features), room = topK ? k : e.features;
    std::vector<RowEntries<T>> kept(input.size() / static_cast<size_t>(e.d));
    eachBlock(e, input, [&](int64_t first, int64_t count, const T *block) {
#pragma omp parallel
        {
            std::vector<int32_t> features(static_cast<size_t>(room));
            std::vector<T> values(static_cast<size_t>(room));
#pragma omp for schedule(static)
            for (int64_t r = 0; r < count; ++r) {
                const T *row = block + r * e.features;
                const int64_t found = topK ? kernels.topK(row, e.bias, e.features, k, features.data(), values.data())
                                           : kernels.above(row, e.bias, selection.bounds, T{0}, e.features,
                                                           features.data(), values.data());
                kept[static_cast<size_t>(first + r)] = {{features.begin(), features.begin() + found},
                                                        {values.begin(), values.begin() + found}};
            }
        }
    });
    return join(kept);
}

template <class T>
struct Candidate {
    T value;
    int32_t row, feature;
    /// Larger first, ties to the smaller row, then feature.
    bool operator<(const Candidate &other) const {
        return value != other.value ? value > other.value
                                    : std::pair(row, feature) < std::pair(other.row, other.feature);
    }
};

/// The `wanted` best of a stream of candidates, in a buffer of twice as many. What is among the best of all is among
/// the best of each thread's share.
template <class T>
class BestCandidates {
public:
    explicit BestCandidates(int64_t wanted) : wanted_(static_cast<size_t>(wanted)) {}
    /// What a value must exceed to count.
    [[nodiscard]] T bound() const { return bound_; }
    void add(const Candidate<T> &candidate) {
        all_.push_back(candidate);
        if (all_.size() >= 2 * wanted_)
            cut();
    }
    void cut() {
        if (all_.size() <= wanted_)
            return;
        std::nth_element(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(wanted_) - 1, all_.end());
        all_.resize(wanted_);
        bound_ = all_.back().value;
    }
    std::vector<Candidate<T>> &all() { return all_; }

private:
    size_t wanted_;
    T bound_ = 0;
    std::vector<Candidate<T>> all_;
};

template <class T>
SparseActivations<T> byRow(std::vector<Candidate<T>> &entries, int64_t rows) {
    std::sort(entries.begin(), entries.end(), [](const Candidate<T> &a, const Candidate<T> &b) {
        return std::pair(a.row, a.feature) < std::pair(b.row, b.feature);
    });
    SparseActivations<T> out;
    out.offsets.assign(static_cast<size_t>(rows) + 1, 0);
    for (const Candidate<T> &entry : entries) {
        ++out.offsets[static_cast<size_t>(entry.row) + 1];
        out.features.push_back(entry.feature);
        out.values.push_back(entry.value);
    }
    for (size_t r = 0; r < static_cast<size_t>(rows); ++r)
        out.offsets[r + 1] += out.offsets[r];
    return out;
}

template <class T>
SparseActivations<T> encodeBatch(const EncoderView<T> &e, std::span<const T> input, const Selection<T> &selection) {
    const auto rows = static_cast<int64_t>(input.size()) / e.d;
    const int64_t wanted = std::min(selection.k, e.features) * rows;
    std::vector<BestCandidates<T>> best(static_cast<size_t>(omp_get_max_threads()), BestCandidates<T>(wanted));
    eachBlock(e, input, [&](int64_t first, int64_t count, const T *block) {
#pragma omp parallel
        {
            BestCandidates<T> &mine = best[static_cast<size_t>(omp_get_thread_num())];
            std::vector<int32_t> features(static_cast<size_t>(e.features));
            std::vector<T> values(static_cast<size_t>(e.features));
#pragma omp for schedule(static)
            for (int64_t r = 0; r < count; ++r) {
                const int64_t found = sparseKernels<T>().above(block + r * e.features, e.bias, nullptr, mine.bound(),
                                                               e.features, features.data(), values.data());
                for (auto i = size_t{0}; i < static_cast<size_t>(found); ++i)
                    mine.add({values[i], static_cast<int32_t>(first + r), features[i]});
            }
        }
    });
    BestCandidates<T> all(wanted);
    for (auto &each : best)
        all.all().insert(all.all().end(), each.all().begin(), each.all().end());
    all.cut();
    return byRow(all.all(), rows);
}
} // namespace

template <class T>
SparseActivations<T> encodeSparse(const EncoderView<T> &encoder, std::span<const T> input,
                                  const Selection<T> &selection) {
    return selection.rule == Selection<T>::Rule::BatchTopK ? encodeBatch(encoder, input, selection)
                                                           : encodeRows(encoder, input, selection);
}

template SparseActivations<float> encodeSparse(const EncoderView<float> &, std::span<const float>,
                                               const Selection<float> &);
template SparseActivations<double> encodeSparse(const EncoderView<double> &, std::span<const double>,
                                                const Selection<double> &);

} // namespace tt
