#include "core/nn/sparse_encoding.h"

#include "core/nn/gemm.h"
#include "core/nn/sparse_kernels.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>

#include <omp.h>

namespace tt {

namespace {
constexpr int64_t tilesAtOnce = 2; // tiles of tokens that share the rows of weights while those are in the first cache

/// Memory at the start of a cache line.
template <class T>
class LineBuffer {
public:
    explicit LineBuffer(int64_t count)
        : lines_((static_cast<size_t>(count) * sizeof(T) + sizeof(Line) - 1) / sizeof(Line)) {}
    T *data() { return reinterpret_cast<T *>(lines_.data()); }

private:
    struct alignas(64) Line {
        std::array<std::byte, 64> bytes;
    };
    std::vector<Line> lines_;
};

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
/// the best of each part.
template <class T>
class BestCandidates {
public:
    explicit BestCandidates(size_t wanted) : wanted_(wanted) {}
    /// What a value must exceed to count.
    [[nodiscard]] T bound() const { return bound_; }
    void add(const Candidate<T> &candidate) {
        if (wanted_ <= sortedAtMost) {
            insert(candidate);
            return;
        }
        all_.push_back(candidate);
        if (all_.size() / 2 >= wanted_)
            cut();
    }
    void cut() {
        if (all_.size() <= wanted_)
            return;
        std::nth_element(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(wanted_) - 1, all_.end());
        all_.resize(wanted_);
        bound_ = all_.back().value;
    }
    void clear() {
        all_.clear();
        bound_ = 0;
    }
    [[nodiscard]] const std::vector<Candidate<T>> &all() const { return all_; }

private:
    static constexpr size_t sortedAtMost = 64;
    /// A few are kept sorted, best first: then the bound is always that of the last.
    void insert(const Candidate<T> &candidate) {
        if (all_.size() < wanted_)
            all_.push_back(candidate);
        else if (!(candidate < all_.back()))
            return;
        size_t at = all_.size() - 1;
        for (; at > 0 && candidate < all_[at - 1]; --at)
            all_[at] = all_[at - 1];
        all_[at] = candidate;
        if (all_.size() == wanted_)
            bound_ = all_.back().value;
    }

    size_t wanted_;
    T bound_ = 0;
    std::vector<Candidate<T>> all_;
};

/// What is multiplied: rows of input by rows of weights, as T or rounded to bfloat16.
template <class T>
struct Factors {
    EncoderView<T> encoder;
    std::span<const T> input;
    const BFloat16 *weights16 = nullptr, *input16 = nullptr; ///< null: T
    [[nodiscard]] bool rounded() const { return input16 != nullptr; }
    [[nodiscard]] int64_t rows() const { return static_cast<int64_t>(input.size()) / encoder.d; }
};

/// A group of tokens that one thread multiplies with every feature, tile by tile.
template <class T>
class TokenGroup {
public:
    explicit TokenGroup(const Factors<T> &factors)
        : f_(factors), packed_(f_.rounded() ? 0 : room()), packed16_(f_.rounded() ? room() : 0),
          out_(k_.tileFeatures * k_.tileTokens), limits_(k_.tileTokens) {}

    /// Calls keep(candidate) for what exceeds its bound: that of its feature, or what boundOf(row in the group) says
    /// after each keep.
    template <class BoundOf, class Keep>
    void select(int64_t first, int64_t rows, const T *featureBounds, BoundOf boundOf, Keep keep);

private:
    [[nodiscard]] int64_t room() const { return tilesAtOnce * k_.tileTokens * f_.encoder.d; }
    void load(int64_t first, int64_t rows);
    const T *product(int64_t tile, int64_t feature);

    const Factors<T> &f_;
    const SparseKernels<T> &k_ = sparseKernels<T>();
    LineBuffer<T> packed_;
    LineBuffer<BFloat16> packed16_;
    LineBuffer<T> out_, limits_;
};

template <class T>
void TokenGroup<T>::load(int64_t first, int64_t rows) {
    const int64_t d = f_.encoder.d, tokens = k_.tileTokens;
    for (int64_t at = 0; at < rows; at += tokens) {
        const int64_t count = std::min(tokens, rows - at);
        if (f_.rounded())
            k_.packTokensBFloat16(f_.input16 + (first + at) * d, count, d, packed16_.data() + at * d);
        else
            k_.packTokens(f_.input.data() + (first + at) * d, count, d, packed_.data() + at * d);
    }
}

/// Pre-activations (tileFeatures, tileTokens) from `feature` on.
template <class T>
const T *TokenGroup<T>::product(int64_t tile, int64_t feature) {
    const int64_t d = f_.encoder.d, count = std::min(k_.tileFeatures, f_.encoder.features - feature);
    const T *bias = f_.encoder.bias + feature;
    if (f_.rounded())
        k_.tileBFloat16(f_.weights16 + feature * d, bias, count, packed16_.data() + tile * k_.tileTokens * d, d,
                        out_.data());
    else
        k_.tile(f_.encoder.weights + feature * d, bias, count, packed_.data() + tile * k_.tileTokens * d, d,
                out_.data());
    return out_.data();
}

template <class T>
template <class BoundOf, class Keep>
void TokenGroup<T>::select(int64_t first, int64_t rows, const T *featureBounds, BoundOf boundOf, Keep keep) {
    const int64_t tokens = k_.tileTokens, features = f_.encoder.features;
    LineBuffer<T> bounds(tilesAtOnce * tokens);
    for (int64_t r = 0; r < rows; ++r)
        bounds.data()[r] = boundOf(r);
    load(first, rows);
    for (int64_t f = 0; f < features; f += k_.tileFeatures)
        for (int64_t at = 0; at < rows; at += tokens) {
            const T *values = product(at / tokens, f);
            const uint64_t all = rows - at < tokens ? (uint64_t{1} << (rows - at)) - 1 : ~uint64_t{0};
            for (int64_t i = 0; i < std::min(k_.tileFeatures, features - f); ++i, values += tokens) {
                const T *limits = bounds.data() + at;
                if (featureBounds) {
                    std::fill_n(limits_.data(), tokens, featureBounds[f + i]);
                    limits = limits_.data();
                }
                for (uint64_t hits = k_.exceeding(values, limits) & all; hits != 0; hits &= hits - 1) {
                    const int t = std::countr_zero(hits);
                    keep(at + t,
                         Candidate<T>{values[t], static_cast<int32_t>(first + at + t), static_cast<int32_t>(f + i)});
                    bounds.data()[at + t] = boundOf(at + t);
                }
            }
        }
}

/// Candidates in any order as rows with features ascending.
template <class T>
SparseActivations<T> byRow(const std::vector<std::vector<Candidate<T>>> &parts, int64_t rows) {
    SparseActivations<T> out;
    out.offsets.assign(static_cast<size_t>(rows) + 1, 0);
    for (const auto &part : parts)
        for (const Candidate<T> &candidate : part)
            ++out.offsets[static_cast<size_t>(candidate.row) + 1];
    for (size_t r = 0; r < static_cast<size_t>(rows); ++r)
        out.offsets[r + 1] += out.offsets[r];
    std::vector<Candidate<T>> sorted(static_cast<size_t>(out.offsets.back()));
    std::vector<int64_t> next(out.offsets.begin(), out.offsets.end() - 1);
    for (const auto &part : parts)
        for (const Candidate<T> &candidate : part)
            sorted[static_cast<size_t>(next[static_cast<size_t>(candidate.row)]++)] = candidate;
    out.features.resize(sorted.size());
    out.values.resize(sorted.size());
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < rows; ++r) {
        const auto begin = sorted.begin() + out.offsets[static_cast<size_t>(r)],
                   end = sorted.begin() + out.offsets[static_cast<size_t>(r) + 1];
        const auto earlier = [](const Candidate<T> &a, const Candidate<T> &b) { return a.feature < b.feature; };
        if (!std::is_sorted(begin, end, earlier))
            std::sort(begin, end, earlier);
        for (auto each = begin; each != end; ++each) {
            const auto at = static_cast<size_t>(each - sorted.begin());
            out.features[at] = each->feature;
            out.values[at] = each->value;
        }
    }
    return out;
}

template <class T>
std::vector<std::vector<Candidate<T>>> selectAll(const Factors<T> &factors, const Selection<T> &selection) {
    using Rule = typename Selection<T>::Rule;
    const int64_t rows = factors.rows(), atOnce = tilesAtOnce * sparseKernels<T>().tileTokens;
    const int64_t groups = (rows + atOnce - 1) / atOnce, k = std::min(selection.k, factors.encoder.features);
    const auto threads = static_cast<size_t>(omp_get_max_threads());
    const size_t wanted = selection.rule == Rule::TopK ? static_cast<size_t>(k) : static_cast<size_t>(k * rows);
    std::vector<std::vector<Candidate<T>>> parts(static_cast<size_t>(groups));
    std::vector<BestCandidates<T>> ofBatch(threads, BestCandidates<T>(wanted));
#pragma omp parallel
    {
        TokenGroup<T> group(factors);
        std::vector<BestCandidates<T>> ofToken(static_cast<size_t>(atOnce), BestCandidates<T>(wanted));
        BestCandidates<T> &mine = ofBatch[static_cast<size_t>(omp_get_thread_num())];
#pragma omp for schedule(dynamic)
        for (int64_t g = 0; g < groups; ++g) {
            const int64_t first = g * atOnce, count = std::min(atOnce, rows - first);
            auto &part = parts[static_cast<size_t>(g)];
            const auto none = [](int64_t) { return T{0}; };
            switch (selection.rule) {
            case Rule::Above:
                group.select(first, count, selection.bounds, none,
                             [&](int64_t, const Candidate<T> &candidate) { part.push_back(candidate); });
                break;
            case Rule::BatchTopK: // the other tokens' bounds follow at their own next candidate
                group.select(
                    first, count, nullptr, [&](int64_t) { return std::nextafter(mine.bound(), T{0}); },
                    [&](int64_t, const Candidate<T> &candidate) {
                        if (candidate.value >= mine.bound()) // an equal one may be of a smaller row
                            mine.add(candidate);
                    });
                break;
            case Rule::TopK:
                group.select(
                    first, count, nullptr, [&](int64_t t) { return ofToken[static_cast<size_t>(t)].bound(); },
                    [&](int64_t t, const Candidate<T> &candidate) { ofToken[static_cast<size_t>(t)].add(candidate); });
                for (int64_t t = 0; t < count; ++t) {
                    auto &best = ofToken[static_cast<size_t>(t)];
                    best.cut();
                    part.insert(part.end(), best.all().begin(), best.all().end());
                    best.clear();
                }
            }
        }
    }
    if (selection.rule != Rule::BatchTopK)
        return parts;
    BestCandidates<T> best(wanted);
    for (const auto &each : ofBatch)
        for (const Candidate<T> &candidate : each.all())
            best.add(candidate);
    best.cut();
    return {best.all()};
}

/// The chosen pre-activations in float32; those that are not above their bound after all go.
void recompute(const Factors<float> &factors, const float *bounds, SparseActivations<float> &active) {
    const EncoderView<float> &e = factors.encoder;
    const Kernels<float> &k = kernels<float>();
    const int64_t rows = active.rows();
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < rows; ++r)
        for (auto i = static_cast<size_t>(active.offsets[static_cast<size_t>(r)]);
             i < static_cast<size_t>(active.offsets[static_cast<size_t>(r) + 1]); ++i) {
            const int64_t f = active.features[i];
            active.values[i] = k.dot(e.weights + f * e.d, factors.input.data() + r * e.d, e.d) + e.bias[f];
        }
    size_t to = 0, from = 0;
    for (size_t r = 0; r < static_cast<size_t>(rows); ++r) {
        for (; from < static_cast<size_t>(active.offsets[r + 1]); ++from)
            if (active.values[from] > (bounds ? bounds[active.features[from]] : 0)) {
                active.features[to] = active.features[from];
                active.values[to++] = active.values[from];
            }
        active.offsets[r + 1] = static_cast<int64_t>(to);
    }
    active.features.resize(to);
    active.values.resize(to);
}

const BFloat16 *round(std::span<const float> values, std::vector<BFloat16> &out) {
    out.resize(values.size());
    kernels<float>().roundToBFloat16(values.data(), out.data(), static_cast<int64_t>(values.size()));
    return out.data();
}
} // namespace

template <class T>
SparseActivations<T> encodeSparse(const EncoderView<T> &encoder, std::span<const T> input,
                                  const Selection<T> &selection) {
    const Factors<T> factors{.encoder = encoder, .input = input};
    return byRow(selectAll(factors, selection), factors.rows());
}

SparseActivations<float> encodeSparseBFloat16(const EncoderView<float> &encoder, std::span<const float> input,
                                              const Selection<float> &selection, RoundedFactors &kept) {
    if (!hasFastBFloat16() || !sparseKernels<float>().tileBFloat16 || encoder.d % 2 != 0 || input.empty())
        return encodeSparse(encoder, input, selection);
    const auto size = static_cast<size_t>(encoder.features * encoder.d);
    const Factors<float> factors{.encoder = encoder,
                                 .input = input,
                                 .weights16 = round({encoder.weights, size}, kept.weights),
                                 .input16 = round(input, kept.input)};
    auto active = byRow(selectAll(factors, selection), factors.rows());
    recompute(factors, selection.rule == Selection<float>::Rule::Above ? selection.bounds : nullptr, active);
    return active;
}

template SparseActivations<float> encodeSparse(const EncoderView<float> &, std::span<const float>,
                                               const Selection<float> &);
template SparseActivations<double> encodeSparse(const EncoderView<double> &, std::span<const double>,
                                                const Selection<double> &);

} // namespace tt
