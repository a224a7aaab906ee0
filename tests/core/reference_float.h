#pragma once

#include "reference_model.h"

/// The reference's models in single precision.
namespace reference {

inline tt::GptWeights<float> toFloat(const tt::GptWeights<double> &from) {
    tt::GptWeights<float> to;
    to.config = from.config;
    to.blocks.resize(from.blocks.size());
    std::vector<std::vector<float>> tensors;
    tt::forEachTensor(from, [&](const std::string &, const std::vector<double> &v, const auto &) {
        tensors.push_back(convert<float>(v));
    });
    size_t i = 0;
    tt::forEachTensor(to, [&](const std::string &, std::vector<float> &v, const auto &) { v = tensors[i++]; });
    return to;
}

inline tt::TranscoderWeights<float> toFloat(const tt::TranscoderWeights<double> &from) {
    tt::TranscoderWeights<float> to{from.config, {}};
    for (const auto &l : from.layers)
        to.layers.push_back({convert<float>(l.encoder), convert<float>(l.encoderBias), convert<float>(l.decoder),
                             convert<float>(l.decoderBias), convert<float>(l.threshold), convert<float>(l.skip)});
    return to;
}

inline tt::GptActivations<float> toFloat(const tt::GptActivations<double> &from) {
    tt::GptActivations<float> to{from.batch,
                                 from.length,
                                 {},
                                 convert<float>(from.residPost),
                                 convert<float>(from.finalNorm),
                                 convert<float>(from.finalSigma)};
    for (const auto &b : from.blocks)
        to.blocks.push_back({convert<float>(b.residPre), convert<float>(b.ln1), convert<float>(b.ln1Sigma),
                             convert<float>(b.query), convert<float>(b.key), convert<float>(b.value),
                             convert<float>(b.attention), convert<float>(b.headsOutput), convert<float>(b.residMid),
                             convert<float>(b.ln2), convert<float>(b.ln2Sigma), convert<float>(b.hidden),
                             convert<float>(b.mlpOutput)});
    return to;
}

} // namespace reference
