#pragma once

#include "core/nn/gpt_forward.h"
#include "core/nn/transcoder.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

/// A GPT with transcoders computed by plain loops in double precision: what the fast code is checked against.
namespace reference {

struct Shape {
    int vocab = 11, d = 10, heads = 3, headSize = 3, layers = 2, length = 5, features = 14, k = 4;
    tt::TranscoderKind kind = tt::TranscoderKind::PerLayer;
    tt::Activation activation = tt::Activation::TopK;
    bool skip = false;
};

struct Model {
    tt::GptWeights<double> gpt;
    tt::TranscoderWeights<double> transcoder;
    std::vector<int32_t> ids;
};

/// Everything one pass computes. pre[l] (N, F) pre-activations, logits (V) of the last position.
struct Pass {
    tt::GptActivations<double> activations;
    std::vector<std::vector<double>> pre;
    std::vector<double> logits;
};

/// What is held and what is added in a frozen pass: patterns, LN scales and MLP outputs come from `held`.
struct Frozen {
    const Pass *held = nullptr;
    std::vector<std::vector<double>> mlp; ///< per layer (N, d), added to mlp_out; may be empty
    std::vector<double> embedding;        ///< (N, d), added to x⁰; may be empty
};

using Vector = std::vector<double>;

inline size_t at(int row, int column, int columns) {
    return static_cast<size_t>(row) * static_cast<size_t>(columns) + static_cast<size_t>(column);
}

/// y = W (rows, columns) · x
inline Vector times(const Vector &w, const double *x, int rows, int columns) {
    Vector y(static_cast<size_t>(rows));
    for (int r = 0; r < rows; ++r)
        for (int c = 0; c < columns; ++c)
            y[static_cast<size_t>(r)] += w[at(r, c, columns)] * x[c];
    return y;
}

inline void fill(Vector &values, size_t size, tt::Random &random, double scale, double mean = 0) {
    values.resize(size);
    for (double &v : values)
        v = mean + scale * random.normal();
}

inline Model makeModel(const Shape &shape, uint64_t seed) {
    tt::Random random(seed);
    Model m;
    tt::GptConfig &c = m.gpt.config;
    c.vocabSize = shape.vocab;
    c.dModel = shape.d;
    c.heads = shape.heads;
    c.headSize = shape.headSize;
    c.layers = shape.layers;
    c.context = shape.length + 2;
    m.gpt.blocks.resize(static_cast<size_t>(shape.layers));
    tt::forEachTensor(m.gpt, [&](const std::string &name, Vector &values, const std::vector<int64_t> &dims) {
        size_t size = 1;
        for (const int64_t dim : dims)
            size *= static_cast<size_t>(dim);
        const bool gamma = name.find("ln") != std::string::npos || name.find("norm") != std::string::npos;
        fill(values, size, random, 0.6, gamma && name.ends_with("weight") ? 1 : 0);
    });
    tt::TranscoderConfig &t = m.transcoder.config;
    t.kind = shape.kind;
    t.activation = shape.activation;
    t.k = shape.k;
    t.features = shape.features;
    t.layers = shape.layers;
    t.dModel = shape.d;
    const auto features = static_cast<size_t>(shape.features), d = static_cast<size_t>(shape.d);
    for (int l = 0; l < shape.layers; ++l) {
        tt::TranscoderLayer<double> &layer = m.transcoder.layers.emplace_back();
        fill(layer.encoder, features * d, random, 0.6);
        fill(layer.encoderBias, features, random, 0.6);
        fill(layer.decoder, features * static_cast<size_t>(t.decodersOf(l)) * d, random, 0.6);
        fill(layer.decoderBias, d, random, 0.6);
        if (shape.activation == tt::Activation::JumpRelu || shape.activation == tt::Activation::BatchTopK)
            fill(layer.threshold, features, random, 0.1, 0.4);
        if (shape.skip)
            fill(layer.skip, d * d, random, 0.3);
    }
    for (int i = 0; i < shape.length; ++i)
        m.ids.push_back(static_cast<int32_t>(random.below(static_cast<uint64_t>(shape.vocab))));
    return m;
}

/// Rows of LN: writes σ unless `held` gives it.
inline void norm(const Vector &x, const tt::LayerNormWeights<double> &w, double epsilon, const Vector *held,
                 Vector &out, Vector &sigma) {
    const int d = static_cast<int>(w.weight.size()), rows = static_cast<int>(x.size()) / d;
    out.assign(x.size(), 0);
    sigma.assign(static_cast<size_t>(rows), 0);
    for (int r = 0; r < rows; ++r) {
        double mean = 0, variance = 0;
        for (int i = 0; i < d; ++i)
            mean += x[at(r, i, d)] / d;
        for (int i = 0; i < d; ++i)
            variance += (x[at(r, i, d)] - mean) * (x[at(r, i, d)] - mean) / d;
        const double s = held ? (*held)[static_cast<size_t>(r)] : std::sqrt(variance + epsilon);
        sigma[static_cast<size_t>(r)] = s;
        for (int i = 0; i < d; ++i)
            out[at(r, i, d)] =
                w.weight[static_cast<size_t>(i)] * (x[at(r, i, d)] - mean) / s + w.bias[static_cast<size_t>(i)];
    }
}

inline void computePattern(const tt::GptConfig &c, int length, tt::BlockActivations<double> &b) {
    const int width = c.attentionWidth();
    b.attention.assign(static_cast<size_t>(c.heads) * static_cast<size_t>(length) * static_cast<size_t>(length), 0);
    for (int h = 0; h < c.heads; ++h)
        for (int p = 0; p < length; ++p) {
            Vector score(static_cast<size_t>(p + 1));
            double top = -1e300, sum = 0;
            for (int s = 0; s <= p; ++s) {
                for (int i = h * c.headSize; i < (h + 1) * c.headSize; ++i)
                    score[static_cast<size_t>(s)] += b.query[at(p, i, width)] * b.key[at(s, i, width)];
                score[static_cast<size_t>(s)] /= std::sqrt(static_cast<double>(c.headSize));
                top = std::max(top, score[static_cast<size_t>(s)]);
            }
            for (double &v : score)
                sum += v = std::exp(v - top);
            for (int s = 0; s <= p; ++s)
                b.attention[at(h * length + p, s, length)] = score[static_cast<size_t>(s)] / sum;
        }
}

inline Vector rowsTimes(const Vector &w, const Vector &x, int out, int in) {
    Vector y;
    for (size_t row = 0; row * static_cast<size_t>(in) < x.size(); ++row) {
        const Vector part = times(w, x.data() + row * static_cast<size_t>(in), out, in);
        y.insert(y.end(), part.begin(), part.end());
    }
    return y;
}

inline void runAttention(const tt::GptConfig &c, const tt::BlockWeights<double> &w, int length,
                         const tt::BlockActivations<double> *held, tt::BlockActivations<double> &b) {
    const int width = c.attentionWidth(), d = c.dModel;
    norm(b.residPre, w.ln1, c.layerNormEps, held ? &held->ln1Sigma : nullptr, b.ln1, b.ln1Sigma);
    b.query = rowsTimes(w.query, b.ln1, width, d);
    b.key = rowsTimes(w.key, b.ln1, width, d);
    b.value = rowsTimes(w.value, b.ln1, width, d);
    if (held)
        b.attention = held->attention;
    else
        computePattern(c, length, b);
    b.headsOutput.assign(static_cast<size_t>(length) * static_cast<size_t>(width), 0);
    for (int p = 0; p < length; ++p)
        for (int i = 0; i < width; ++i)
            for (int s = 0; s <= p; ++s)
                b.headsOutput[at(p, i, width)] +=
                    b.attention[at(i / c.headSize * length + p, s, length)] * b.value[at(s, i, width)];
    b.residMid = rowsTimes(w.attentionOutput, b.headsOutput, d, width);
    for (size_t i = 0; i < b.residMid.size(); ++i)
        b.residMid[i] += b.residPre[i] + w.attentionOutputBias[i % static_cast<size_t>(d)];
}

inline void runMlp(const Model &m, size_t l, const Frozen &frozen, tt::BlockActivations<double> &b) {
    const tt::GptConfig &c = m.gpt.config;
    const tt::BlockWeights<double> &w = m.gpt.blocks[l];
    const tt::BlockActivations<double> *held = frozen.held ? &frozen.held->activations.blocks[l] : nullptr;
    norm(b.residMid, w.ln2, c.layerNormEps, held ? &held->ln2Sigma : nullptr, b.ln2, b.ln2Sigma);
    if (held) {
        b.mlpOutput = held->mlpOutput;
        if (!m.transcoder.layers[l].skip.empty()) {
            Vector change = b.ln2;
            for (size_t i = 0; i < change.size(); ++i)
                change[i] -= held->ln2[i];
            const Vector skipped = rowsTimes(m.transcoder.layers[l].skip, change, c.dModel, c.dModel);
            for (size_t i = 0; i < change.size(); ++i)
                b.mlpOutput[i] += skipped[i];
        }
    } else {
        b.hidden = rowsTimes(w.mlpIn, b.ln2, c.mlpWidth(), c.dModel);
        for (size_t i = 0; i < b.hidden.size(); ++i)
            b.hidden[i] = std::max(0.0, b.hidden[i] + w.mlpInBias[i % static_cast<size_t>(c.mlpWidth())]);
        b.mlpOutput = rowsTimes(w.mlpOut, b.hidden, c.dModel, c.mlpWidth());
        for (size_t i = 0; i < b.mlpOutput.size(); ++i)
            b.mlpOutput[i] += w.mlpOutBias[i % static_cast<size_t>(c.dModel)];
    }
    if (l < frozen.mlp.size() && !frozen.mlp[l].empty())
        for (size_t i = 0; i < b.mlpOutput.size(); ++i)
            b.mlpOutput[i] += frozen.mlp[l][i];
}

inline Pass run(const Model &m, const Frozen &frozen = {}) {
    const tt::GptConfig &c = m.gpt.config;
    const int length = static_cast<int>(m.ids.size()), d = c.dModel;
    Pass pass;
    pass.activations.batch = 1;
    pass.activations.length = length;
    Vector x(static_cast<size_t>(length * d));
    for (int p = 0; p < length; ++p)
        for (int i = 0; i < d; ++i)
            x[at(p, i, d)] = m.gpt.tokenEmbedding[at(m.ids[static_cast<size_t>(p)], i, d)] +
                             m.gpt.positionEmbedding[at(p, i, d)] +
                             (frozen.embedding.empty() ? 0 : frozen.embedding[at(p, i, d)]);
    for (size_t l = 0; l < m.gpt.blocks.size(); ++l) {
        tt::BlockActivations<double> &b = pass.activations.blocks.emplace_back();
        b.residPre = x;
        runAttention(c, m.gpt.blocks[l], length, frozen.held ? &frozen.held->activations.blocks[l] : nullptr, b);
        runMlp(m, l, frozen, b);
        const tt::TranscoderLayer<double> &t = m.transcoder.layers[l];
        Vector &pre = pass.pre.emplace_back(rowsTimes(t.encoder, b.ln2, m.transcoder.config.features, d));
        for (size_t i = 0; i < pre.size(); ++i)
            pre[i] += t.encoderBias[i % t.encoderBias.size()];
        for (size_t i = 0; i < x.size(); ++i)
            x[i] = b.residMid[i] + b.mlpOutput[i];
    }
    pass.activations.residPost = x;
    norm(x, m.gpt.finalNorm, c.layerNormEps, frozen.held ? &frozen.held->activations.finalSigma : nullptr,
         pass.activations.finalNorm, pass.activations.finalSigma);
    pass.logits = times(m.gpt.unembedding, pass.activations.finalNorm.data() + at(length - 1, 0, d), c.vocabSize, d);
    for (size_t v = 0; v < pass.logits.size(); ++v)
        pass.logits[v] += m.gpt.unembeddingBias[v];
    return pass;
}

/// Active features of every layer, from the pass's pre-activations.
inline std::vector<tt::SparseActivations<double>> activeFeatures(const Model &m, const Pass &pass) {
    std::vector<tt::SparseActivations<double>> active(pass.pre.size());
    const int features = m.transcoder.config.features;
    for (size_t l = 0; l < pass.pre.size(); ++l)
        for (size_t p = 0; p < m.ids.size(); ++p) {
            const double *u = pass.pre[l].data() + p * static_cast<size_t>(features);
            std::vector<int> order;
            for (int f = 0; f < features; ++f) {
                const Vector &threshold = m.transcoder.layers[l].threshold;
                if (u[f] > (threshold.empty() ? 0 : std::max(0.0, threshold[static_cast<size_t>(f)])))
                    order.push_back(f);
            }
            std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return u[a] > u[b]; });
            if (m.transcoder.config.activation == tt::Activation::TopK)
                order.resize(std::min(order.size(), static_cast<size_t>(m.transcoder.config.k)));
            std::sort(order.begin(), order.end());
            for (const int f : order) {
                active[l].features.push_back(f);
                active[l].values.push_back(u[f]);
            }
            active[l].offsets.push_back(static_cast<int64_t>(active[l].features.size()));
        }
    return active;
}

/// The prediction of layer l's MLP output at a place, from the definition (method.md §1).
inline Vector prediction(const Model &m, const Pass &pass, const std::vector<tt::SparseActivations<double>> &active,
                         size_t l, size_t p) {
    const auto d = static_cast<size_t>(m.gpt.config.dModel);
    Vector y = m.transcoder.layers[l].decoderBias;
    const bool cross = m.transcoder.config.kind == tt::TranscoderKind::CrossLayer;
    for (size_t i = cross ? 0 : l; i <= l; ++i)
        for (auto j = static_cast<size_t>(active[i].offsets[p]); j < static_cast<size_t>(active[i].offsets[p + 1]);
             ++j) {
            const auto row = m.transcoder.decoderRow(static_cast<int>(i), active[i].features[j], static_cast<int>(l));
            for (size_t n = 0; n < d; ++n)
                y[n] += active[i].values[j] * row[n];
        }
    if (!m.transcoder.layers[l].skip.empty()) {
        const Vector skipped = times(m.transcoder.layers[l].skip, pass.activations.blocks[l].ln2.data() + p * d,
                                     static_cast<int>(d), static_cast<int>(d));
        for (size_t n = 0; n < d; ++n)
            y[n] += skipped[n];
    }
    return y;
}

/// The same numbers in single precision.
template <class To, class From>
std::vector<To> convert(const std::vector<From> &from) {
    return std::vector<To>(from.begin(), from.end());
}

} // namespace reference
