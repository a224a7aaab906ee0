#include "core/nn/gpt_weights.h"

#include "core/io/safetensors.h"

#include <cmath>

namespace tt {

namespace fs = std::filesystem;

template <class T>
GptWeights<T>::GptWeights(const GptConfig &shape) : config(shape), blocks(static_cast<size_t>(shape.layers)) {
    forEachTensor(*this, [](const std::string &, std::vector<T> &values, const std::vector<int64_t> &dimensions) {
        size_t size = 1;
        for (const int64_t dimension : dimensions)
            size *= static_cast<size_t>(dimension);
        values.assign(size, T{0});
    });
}

template struct GptWeights<float>;
template struct GptWeights<double>;

namespace {
constexpr double initialDeviation = 0.02;

bool endsWith(const std::string &name, std::string_view end) {
    return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}
} // namespace

GptWeights<float> initialWeights(const GptConfig &config, Random &random, bool scaleResidual) {
    GptWeights<float> weights(config);
    const double residual = scaleResidual ? initialDeviation / std::sqrt(2.0 * config.layers) : initialDeviation;
    forEachTensor(weights, [&](const std::string &name, std::vector<float> &values, const std::vector<int64_t> &shape) {
        if (shape.size() == 1) {
            if (endsWith(name, ".weight")) // γ
                values.assign(values.size(), 1.0f);
            return;
        }
        const bool intoResidual = endsWith(name, "attention.output.weight") || endsWith(name, "mlp.out.weight");
        for (float &value : values)
            value = static_cast<float>(random.normal() * (intoResidual ? residual : initialDeviation));
    });
    return weights;
}

GptWeights<double> toDouble(const GptWeights<float> &weights) {
    GptWeights<double> wide(weights.config);
    std::vector<const std::vector<float> *> sources;
    forEachTensor(weights, [&](const std::string &, const std::vector<float> &values, const auto &) {
        sources.push_back(&values);
    });
    size_t next = 0;
    forEachTensor(wide, [&](const std::string &, std::vector<double> &values, const auto &) {
        values.assign(sources[next]->begin(), sources[next]->end());
        ++next;
    });
    return wide;
}

GptWeights<float> loadGpt(const fs::path &folder) {
    GptWeights<float> weights;
    weights.config = gptConfigFromJson(readFile(folder / "config.json"));
    weights.blocks.resize(static_cast<size_t>(weights.config.layers));
    const SafetensorsFile file(folder / "model.safetensors");
    forEachTensor(weights, [&](const std::string &name, std::vector<float> &values, const std::vector<int64_t> &shape) {
        values = file.floats(name, shape);
    });
    return weights;
}

void saveGptWeights(const fs::path &safetensorsFile, const GptWeights<float> &weights) {
    std::vector<TensorToWrite> tensors;
    forEachTensor(weights,
                  [&](const std::string &name, const std::vector<float> &values, const std::vector<int64_t> &shape) {
                      tensors.push_back(floatTensor(name, shape, values));
                  });
    writeSafetensors(safetensorsFile, tensors, {{"format", "pt"}});
}

} // namespace tt
