#include "core/features/feature_effects.h"

#include "core/nn/gemm.h"
#include "core/nn/kernels.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tt {

namespace {
using Vector = std::vector<float>;

/// γ ⊙ (v − mean v): what LN makes of a change v of its input, but for 1/σ.
Vector throughNorm(Vector v, const LayerNormWeights<float> &norm) {
    const double mean = std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
    for (size_t i = 0; i < v.size(); ++i)
        v[i] = (v[i] - static_cast<float>(mean)) * norm.weight[i];
    return v;
}

/// What head `head` of a block writes when it reads x (d): W_O^h · W_V^h · x.
Vector throughHead(const GptWeights<float> &gpt, int layer, int head, const Vector &x) {
    const BlockWeights<float> &block = gpt.blocks[static_cast<size_t>(layer)];
    const int64_t d = gpt.config.dModel, size = gpt.config.headSize, width = gpt.config.attentionWidth();
    Vector value(static_cast<size_t>(size)), out(static_cast<size_t>(d));
    linear<float>(x.data(), block.value.data() + head * size * d, value.data(), 1, d, size);
    gemm<float>(Transpose::No, Transpose::Yes, 1, d, size, 1, value.data(), size,
                block.attentionOutput.data() + head * size, width, 0, out.data(), d);
    return out;
}

/// The transpose: what x (d), read of the head's output, reads of its input: W_Vᵀ · W_Oᵀ · x.
Vector backThroughHead(const GptWeights<float> &gpt, int layer, int head, const Vector &x) {
    const BlockWeights<float> &block = gpt.blocks[static_cast<size_t>(layer)];
    const int64_t d = gpt.config.dModel, size = gpt.config.headSize, width = gpt.config.attentionWidth();
    Vector value(static_cast<size_t>(size)), out(static_cast<size_t>(d));
    gemm<float>(Transpose::No, Transpose::No, 1, size, d, 1, x.data(), d, block.attentionOutput.data() + head * size,
                width, 0, value.data(), size);
    gemm<float>(Transpose::No, Transpose::No, 1, d, size, 1, value.data(), size, block.value.data() + head * size * d,
                d, 0, out.data(), d);
    return out;
}

/// The transpose of throughNorm: v read of LN's output, in terms of its input.
Vector backThroughNorm(Vector v, const LayerNormWeights<float> &norm) {
    for (size_t i = 0; i < v.size(); ++i)
        v[i] *= norm.weight[i];
    const double mean = std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
    for (float &value : v)
        value -= static_cast<float>(mean);
    return v;
}

float dot(std::span<const float> a, std::span<const float> b) {
    return kernels<float>().dot(a.data(), b.data(), std::ssize(a));
}

/// Keeps the strongest paths, strongest first; of two alike the one that was offered first.
class Strongest {
public:
    Strongest(const Coactivation &coactivation, int layer, int feature, size_t count)
        : known_(!coactivation.isEmpty()), sum_(coactivation.sum(layer, feature)), count_(count) {}

    /// Offers the features of a layer along one path: weightOf(feature), and Σ of their co-activation.
    template <class WeightOf>
    void offer(const FeaturePath &path, size_t features, const std::vector<float> &sums, WeightOf weightOf) {
        for (size_t f = 0; f < features; ++f) {
            FeaturePath found = path;
            found.feature = static_cast<int>(f);
            found.coactivation = !known_    ? 1.0f
                                 : sum_ > 0 ? static_cast<float>(static_cast<double>(sums[f]) / sum_)
                                            : 0.0f;
            if (found.coactivation == 0)
                continue; // never together: most features, spared their product
            found.weight = weightOf(static_cast<int>(f));
            insert(found);
        }
    }
    std::vector<FeaturePath> take() { return std::move(paths_); }

private:
    void insert(const FeaturePath &path) {
        const auto stronger = [](const FeaturePath &a, const FeaturePath &b) {
            return std::abs(a.score()) > std::abs(b.score());
        };
        if (paths_.size() == count_ && (count_ == 0 || !stronger(path, paths_.back())))
            return;
        paths_.insert(std::upper_bound(paths_.begin(), paths_.end(), path, stronger), path);
        if (paths_.size() > count_)
            paths_.pop_back();
    }
    bool known_;
    double sum_;
    size_t count_;
    std::vector<FeaturePath> paths_;
};
} // namespace

std::vector<FeaturePath> upstream(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                                  const Coactivation &coactivation, int layer, int feature, size_t count) {
    if (!transcoder.config.writesMlpOutput())
        return {}; // what it writes is not in the residual stream's units
    const auto features = static_cast<size_t>(transcoder.config.features);
    const Vector read = readVector(gpt, transcoder, layer, feature);
    Strongest strongest(coactivation, layer, feature, count);
    const auto offer = [&](int from, int through, int head, const Vector &reads) {
        const int writtenBelow = through < 0 ? layer : through;
        const std::vector<float> sums = coactivation.isEmpty() ? Vector()
                                        : through < 0          ? coactivation.atSameToken(layer, feature, from)
                                                      : coactivation.fromAttended(layer, feature, through, head, from);
        strongest.offer({.layer = from, .throughLayer = through, .head = head}, features, sums, [&](int f) {
            float weight = 0;
            for (int to = from; to < std::min(writtenBelow, from + transcoder.config.decodersOf(from)); ++to)
                weight += dot(transcoder.decoderRow(from, f, to), reads);
            return weight;
        });
    };
    for (int from = 0; from < layer; ++from)
        offer(from, -1, -1, read);
    for (int through = 1; through <= layer; ++through)
        for (int head = 0; head < gpt.config.heads; ++head) {
            const Vector reads = backThroughNorm(backThroughHead(gpt, through, head, read),
                                                 gpt.blocks[static_cast<size_t>(through)].ln1);
            for (int from = 0; from < through; ++from)
                offer(from, through, head, reads);
        }
    return strongest.take();
}

std::vector<FeaturePath> downstream(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                                    const Coactivation &coactivation, int layer, int feature, size_t count) {
    if (!transcoder.config.writesMlpOutput())
        return {}; // what it writes is not in the residual stream's units
    const auto features = static_cast<size_t>(transcoder.config.features);
    Strongest strongest(coactivation, layer, feature, count);
    const auto offer = [&](int to, int through, int head, const Vector &written) {
        const Vector read = throughNorm(written, gpt.blocks[static_cast<size_t>(to)].ln2);
        const std::vector<float> sums = coactivation.isEmpty() ? Vector()
                                        : through < 0          ? coactivation.atSameToken(layer, feature, to)
                                                      : coactivation.atAttending(layer, feature, through, head, to);
        strongest.offer({.layer = to, .throughLayer = through, .head = head}, features, sums,
                        [&](int f) { return dot(transcoder.encoderRow(to, f), read); });
    };
    for (int to = layer + 1; to < transcoder.config.layers; ++to)
        offer(to, -1, -1, writeVector(transcoder, layer, feature, to));
    for (int through = layer + 1; through < transcoder.config.layers; ++through) {
        const Vector input =
            throughNorm(writeVector(transcoder, layer, feature, through), gpt.blocks[static_cast<size_t>(through)].ln1);
        for (int head = 0; head < gpt.config.heads; ++head) {
            const Vector written = throughHead(gpt, through, head, input);
            for (int to = through; to < transcoder.config.layers; ++to)
                offer(to, through, head, written);
        }
    }
    return strongest.take();
}

} // namespace tt
