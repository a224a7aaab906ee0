#pragma once

// The transcoder's training loss in plain LibTorch, in double precision, from its definition: the oracle of the
// hand-written step.

#include "core/train/transcoder_learner_impl.h"

#include <torch/torch.h>

#include <array>

namespace tt::test {

inline torch::Tensor asTensor(std::span<const float> values, std::vector<int64_t> shape) {
    return torch::from_blob(const_cast<float *>(values.data()), shape, torch::kFloat).to(torch::kDouble);
}

class TorchTranscoder {
public:
    using Parameters = std::array<torch::Tensor, TranscoderLearner::Count>;
    TranscoderConfig shape;
    TranscoderTrainingConfig config;
    std::vector<Parameters> layers;
    std::vector<torch::Tensor> density;

    TorchTranscoder(const TranscoderConfig &wanted, const TranscoderTrainingConfig &training,
                    const TranscoderLearner &learner)
        : shape(wanted), config(training) {
        for (int i = 0; i < shape.layers; ++i) {
            layers.emplace_back();
            for (int which = 0; which < TranscoderLearner::Count; ++which) {
                const auto &values = learner.weightsOf(i, static_cast<TranscoderLearner::Which>(which));
                if (!values.empty())
                    layers.back()[static_cast<size_t>(which)] =
                        asTensor(values, shapeOf(i, which)).set_requires_grad(true);
            }
        }
    }

    std::vector<torch::Tensor> leaves() const {
        std::vector<torch::Tensor> all;
        for (const auto &layer : layers)
            for (const auto &parameter : layer)
                if (parameter.defined())
                    all.push_back(parameter);
        return all;
    }

    struct Loss {
        torch::Tensor total;
        double penalty = 0;
        std::vector<double> fvu, l0, auxk;
    };

    /// Of normalised rows x[i], y[i] (N, d). Moves the densities on.
    Loss loss(const std::vector<torch::Tensor> &x, const std::vector<torch::Tensor> &y,
              const std::vector<double> &penalties) {
        const auto rows = static_cast<double>(x[0].size(0));
        std::vector<torch::Tensor> active, revived;
        Loss result;
        auto penalty = torch::zeros({}, torch::kDouble), pulls = penalty;
        for (size_t i = 0; i < layers.size(); ++i) {
            const auto u =
                torch::linear(x[i], layers[i][TranscoderLearner::Encoder], layers[i][TranscoderLearner::EncoderBias]);
            active.push_back(activate(u, i));
            revived.push_back(dead(u, i));
            penalty = penalty + penalties[i] / rows * penaltyOf(u, active[i], i);
            if (shape.activation == Activation::JumpRelu)
                pulls = pulls + config.auxkWeight / rows * pull(revived[i].detach(), i);
            const auto on = active[i].detach().gt(0).to(torch::kDouble);
            result.l0.push_back(on.sum().item<double>() / rows);
            density[i] = density[i] + std::min(1.0, rows / 131072) * (on.mean(0) - density[i]);
        }
        result.penalty = penalty.item<double>();
        result.total = penalty + pulls;
        for (size_t j = 0; j < layers.size(); ++j) {
            auto prediction = decode(active, j) + layers[j][TranscoderLearner::DecoderBias];
            if (config.skip)
                prediction = prediction + torch::linear(x[j], layers[j][TranscoderLearner::Skip]);
            const auto error = (y[j] - prediction).square().sum();
            result.total = result.total + error / (rows * static_cast<double>(shape.dModel));
            result.fvu.push_back(error.item<double>() / y[j].square().sum().item<double>());
            const auto residual = (y[j] - prediction).detach();
            const auto left = (residual - decode(revived, j)).square().sum() / residual.square().sum();
            result.auxk.push_back(left.item<double>());
            if (left.requires_grad())
                result.total = result.total + config.auxkWeight * left;
        }
        return result;
    }

    /// Prediction of layer j (N, d) from the activations of all layers, without bias.
    torch::Tensor decode(const std::vector<torch::Tensor> &active, size_t j) const {
        auto sum = torch::zeros({active[j].size(0), shape.dModel}, torch::kDouble);
        for (size_t i = shape.kind == TranscoderKind::CrossLayer ? 0 : j; i <= j; ++i) // (F, layers written to, d)
            sum = sum + torch::matmul(active[i],
                                      layers[i][TranscoderLearner::Decoder].select(1, static_cast<int64_t>(j - i)));
        return sum;
    }

    /// Activations (N, F) of layer i from pre-activations, as they are while training.
    torch::Tensor activate(const torch::Tensor &u, size_t i) const {
        if (shape.activation == Activation::Relu)
            return torch::relu(u);
        if (shape.activation == Activation::TopK)
            return largest(torch::relu(u), shape.k);
        if (shape.activation == Activation::BatchTopK)
            return largest(torch::relu(u).reshape({1, -1}), shape.k * u.size(0)).reshape(u.sizes());
        // d(u·H(u − θ))/dθ := −θ/ε · K((u − θ)/ε), K the rectangle of width 1
        const auto threshold = layers[i][TranscoderLearner::LogThreshold].exp();
        const auto through = -(threshold.detach() / config.bandwidth) * near(u, i) * threshold;
        return u * u.gt(threshold) + through - through.detach();
    }

private:
    std::vector<int64_t> shapeOf(int layer, int which) const {
        const int64_t f = shape.features, d = shape.dModel;
        switch (which) {
        case TranscoderLearner::Encoder:
            return {f, d};
        case TranscoderLearner::Decoder:
            return {f, shape.decodersOf(layer), d};
        case TranscoderLearner::DecoderBias:
            return {d};
        case TranscoderLearner::Skip:
            return {d, d};
        default:
            return {f};
        }
    }

    static torch::Tensor largest(const torch::Tensor &values, int64_t k) {
        const auto [best, where] = torch::topk(values, k, 1);
        return torch::zeros_like(values).scatter(1, where, best);
    }

    torch::Tensor near(const torch::Tensor &u, size_t i) const {
        const auto threshold = layers[i][TranscoderLearner::LogThreshold].detach().exp();
        return (u.detach() - threshold).abs().lt(config.bandwidth / 2).to(torch::kDouble);
    }

    torch::Tensor dead(const torch::Tensor &u, size_t i) const {
        const auto mask = density[i].lt(config.deadDensity).to(torch::kDouble);
        const auto count = std::min<int64_t>(config.auxk, mask.sum().item<int64_t>());
        if (count == 0)
            return torch::zeros_like(u).detach();
        return largest(torch::relu(u) * mask, count);
    }

    /// What keeps the chosen dead features from their thresholds: Σ ReLU(θ − u).
    torch::Tensor pull(const torch::Tensor &chosen, size_t i) const {
        return (torch::relu(layers[i][TranscoderLearner::LogThreshold].exp() - chosen) * chosen.gt(0)).sum();
    }

    torch::Tensor penaltyOf(const torch::Tensor &u, const torch::Tensor &active, size_t i) const {
        const auto norm = layers[i][TranscoderLearner::Decoder].square().sum({1, 2}).sqrt();
        if (shape.activation == Activation::Relu)
            return (active * norm).sum();
        if (shape.activation != Activation::JumpRelu)
            return torch::zeros({}, torch::kDouble);
        if (config.penaltyForm == PenaltyForm::Tanh)
            return torch::tanh(4 * active * norm).sum();
        const auto threshold = layers[i][TranscoderLearner::LogThreshold].exp();
        const auto through = -near(u, i) / config.bandwidth * threshold;
        return (u.gt(threshold) + through - through.detach()).sum();
    }
};

} // namespace tt::test
