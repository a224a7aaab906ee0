#include "core/nn/generate.h"

#include "core/error.h"
#include "core/nn/gemm.h"
#include "core/nn/gpt_forward.h"
#include "core/nn/kernels.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tt {

IncrementalDecoder::IncrementalDecoder(const GptWeights<float> &weights, DecoderHook hook)
    : weights_(weights), hook_(std::move(hook)), keys_(weights.blocks.size()), values_(weights.blocks.size()) {}

std::span<const float> IncrementalDecoder::read(std::span<const int32_t> tokens) {
    const auto context = static_cast<size_t>(weights_.config.context);
    read_ += static_cast<int64_t>(tokens.size());
    if (tokens.size() > context)
        tokens = tokens.last(context);
    if (window_.size() + tokens.size() > context) {
        // The learned positions shift, so nothing cached stays right: keep the newer half and encode it from position
        // 0.
        std::vector<int32_t> all = window_;
        all.insert(all.end(), tokens.begin(), tokens.end());
        const size_t keep = std::max(tokens.size(), context - context / 2);
        window_.clear();
        readBlock(std::span<const int32_t>(all).last(std::min(keep, all.size())));
    } else if (!tokens.empty()) {
        readBlock(tokens);
    }
    return logits_;
}

namespace {
/// out (rows, H·s): attention of the queries of the last `rows` positions over keys and values 0 … position.
void attendCached(const GptConfig &config, const std::vector<float> &query, const std::vector<float> &keys,
                  const std::vector<float> &values, int64_t first, int64_t rows, std::vector<float> &out) {
    const int64_t size = config.headSize, width = config.attentionWidth();
    const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(size)));
    const Kernels<float> &k = kernels<float>();
    out.assign(static_cast<size_t>(rows * width), 0.0f);
#pragma omp parallel for schedule(static) if (rows > 8)
    for (int64_t r = 0; r < rows; ++r) {
        std::vector<float> pattern(static_cast<size_t>(first + r + 1));
        for (int64_t h = 0; h < config.heads; ++h) {
            const float *q = query.data() + r * width + h * size;
            for (size_t j = 0; j < pattern.size(); ++j)
                pattern[j] = scale * k.dot(q, keys.data() + static_cast<int64_t>(j) * width + h * size, size);
            softmax<float>(pattern);
            for (size_t j = 0; j < pattern.size(); ++j)
                k.axpy(pattern[j], values.data() + static_cast<int64_t>(j) * width + h * size,
                       out.data() + r * width + h * size, size);
        }
    }
}

/// Y = X · Wᵀ + beta · Y; a single row, as in generation, only streams W.
void project(const float *x, const std::vector<float> &w, float *y, int64_t rows, int64_t in, int64_t out,
             float beta = 0) {
    if (rows == 1)
        kernels<float>().matrixTimesVector(w.data(), x, out, in, beta, y);
    else
        linear<float>(x, w.data(), y, rows, in, out, beta);
}

void normaliseRows(const LayerNormWeights<float> &norm, double epsilon, const std::vector<float> &x, int64_t rows,
                   std::vector<float> &out) {
    const auto d = static_cast<int64_t>(norm.weight.size());
    std::vector<float> sigma(static_cast<size_t>(rows));
    out.resize(static_cast<size_t>(rows * d));
    kernels<float>().layerNorm(x.data(), norm.weight.data(), norm.bias.data(), epsilon, rows, d, out.data(),
                               sigma.data());
}
} // namespace

void IncrementalDecoder::readBlock(std::span<const int32_t> tokens) {
    const GptConfig &config = weights_.config;
    const int64_t d = config.dModel, width = config.attentionWidth(), mlp = config.mlpWidth();
    const auto first = static_cast<int64_t>(window_.size()), rows = static_cast<int64_t>(tokens.size());
    const Kernels<float> &k = kernels<float>();
    std::vector<float> x(static_cast<size_t>(rows * d)), norm, query(static_cast<size_t>(rows * width)), heads,
        hidden(static_cast<size_t>(rows * mlp)), output(x.size());
    for (int64_t r = 0; r < rows; ++r) {
        const int32_t token = tokens[static_cast<size_t>(r)];
        if (token < 0 || token >= config.vocabSize)
            throw Error("Token " + std::to_string(token) + " is not in the model's vocabulary.", Error::Kind::Usage);
        k.axpy(1, weights_.tokenEmbedding.data() + token * d, x.data() + r * d, d);
        k.axpy(1, weights_.positionEmbedding.data() + (first + r) * d, x.data() + r * d, d);
    }
    for (size_t layer = 0; layer < weights_.blocks.size(); ++layer) {
        const BlockWeights<float> &w = weights_.blocks[layer];
        keys_[layer].resize(static_cast<size_t>(config.context * width));
        values_[layer].resize(static_cast<size_t>(config.context * width));
        normaliseRows(w.ln1, config.layerNormEps, x, rows, norm);
        project(norm.data(), w.query, query.data(), rows, d, width);
        project(norm.data(), w.key, keys_[layer].data() + first * width, rows, d, width);
        project(norm.data(), w.value, values_[layer].data() + first * width, rows, d, width);
        attendCached(config, query, keys_[layer], values_[layer], first, rows, heads);
        project(heads.data(), w.attentionOutput, x.data(), rows, width, d, 1);
        k.addBias(x.data(), w.attentionOutputBias.data(), rows, d);
        normaliseRows(w.ln2, config.layerNormEps, x, rows, norm);
        project(norm.data(), w.mlpIn, hidden.data(), rows, d, mlp);
        k.addBiasRelu(hidden.data(), w.mlpInBias.data(), rows, mlp);
        project(hidden.data(), w.mlpOut, output.data(), rows, mlp, d);
        k.addBias(output.data(), w.mlpOutBias.data(), rows, d);
        if (hook_)
            hook_(static_cast<int>(layer), read_ - rows, norm, output);
        k.axpy(1, output.data(), x.data(), rows * d);
    }
    window_.insert(window_.end(), tokens.begin(), tokens.end());
    last_.assign(x.end() - d, x.end());
    normaliseRows(weights_.finalNorm, config.layerNormEps, last_, 1, norm);
    logits_.resize(static_cast<size_t>(config.vocabSize));
    logits<float>(weights_, norm, logits_);
}

namespace {
/// The ids that may be drawn: the topK most probable, best first where an order is asked for.
std::vector<int32_t> candidates(std::span<const float> logits, const SamplingConfig &config) {
    std::vector<int32_t> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    const bool everything = config.topK <= 0 && config.topP >= 1;
    if (config.temperature > 0 && everything)
        return order;
    const size_t kept = config.temperature <= 0 ? 1
                        : config.topK > 0       ? std::min(order.size(), static_cast<size_t>(config.topK))
                                                : order.size();
    const auto better = [&](int32_t a, int32_t b) {
        const float x = logits[static_cast<size_t>(a)], y = logits[static_cast<size_t>(b)];
        return x != y ? x > y : a < b;
    };
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(), better);
    order.resize(kept);
    return order;
}

/// Cuts `order`, best first, behind the first whose weights sum to topP of all. `weight` belongs to it.
void cutToTopP(double topP, std::vector<int32_t> &order, std::vector<double> &weight) {
    const double all = std::accumulate(weight.begin(), weight.end(), 0.0);
    double sum = 0;
    size_t kept = 0;
    while (kept < weight.size() && sum < topP * all)
        sum += weight[kept++];
    kept = std::max<size_t>(kept, 1);
    order.resize(kept);
    weight.resize(kept);
}
} // namespace

GeneratedToken sample(std::span<const float> logits, const SamplingConfig &config, Random &random) {
    if (!std::all_of(logits.begin(), logits.end(), [](float x) { return std::isfinite(x); }))
        throw Error("The model's logits are not finite; its weights are damaged or its training diverged.");
    std::vector<int32_t> order = candidates(logits, config);
    const double largest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
    std::vector<double> weight(order.size(), 1.0);
    if (config.temperature > 0)
        for (size_t i = 0; i < order.size(); ++i)
            weight[i] =
                std::exp((static_cast<double>(logits[static_cast<size_t>(order[i])]) - largest) / config.temperature);
    if (config.topP < 1)
        cutToTopP(config.topP, order, weight);
    double at = random.uniform() * std::accumulate(weight.begin(), weight.end(), 0.0);
    size_t chosen = 0;
    while (chosen + 1 < order.size() && at >= weight[chosen])
        at -= weight[chosen++];
    double loss = 0;
    kernels<float>().crossEntropy(logits.data(), &order[chosen], 1, static_cast<int64_t>(logits.size()), &loss);
    return {order[chosen], std::exp(-loss)};
}

std::vector<int32_t> generate(const GptWeights<float> &weights, std::span<const int32_t> prompt, int32_t endOfText,
                              const SamplingConfig &config, Random &random,
                              const std::function<bool(const GeneratedToken &)> &token, std::stop_token stop,
                              const DecoderHook &hook) {
    if (prompt.empty())
        throw Error("Generation needs a prompt of at least one token.", Error::Kind::Usage);
    IncrementalDecoder decoder(weights, hook);
    std::span<const float> row = decoder.read(prompt);
    std::vector<int32_t> out;
    for (int i = 0; i < config.tokens && !stop.stop_requested(); ++i) {
        const GeneratedToken next = sample(row, config, random);
        if (config.stopAtEndOfText && next.id == endOfText)
            break;
        out.push_back(next.id);
        if (token && !token(next))
            break;
        if (i + 1 < config.tokens)
            row = decoder.read(std::span(&next.id, 1));
    }
    return out;
}

} // namespace tt
