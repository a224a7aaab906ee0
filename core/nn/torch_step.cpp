#include "core/nn/torch_step.h"

#include "core/nn/device.h"
#include "core/nn/gpt_layout.h"
#include "core/progress.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace tt {

struct TorchGptStep::Data {
    GptConfig config;
    GptLayout layout;
    int64_t batch, length;
    torch::Device device;
    at::Generator generator; ///< of its own: other runs draw from others

    Data(const GptConfig &shape, int sequences, int tokens, const std::string &name)
        : config(shape), layout(shape), batch(sequences), length(tokens), device(name),
          generator(at::globalContext().defaultGenerator(device).clone()) {}

    [[nodiscard]] torch::Tensor dropout(const torch::Tensor &x) {
        if (config.dropout <= 0)
            return x;
        const double kept = 1 - config.dropout;
        return x * torch::empty_like(x).bernoulli_(kept, generator) / kept;
    }
    [[nodiscard]] torch::Tensor logits(const torch::Tensor &parameters, const torch::Tensor &tokens);
    [[nodiscard]] torch::Tensor ids(std::span<const int32_t> from) const {
        const auto shared = torch::from_blob(const_cast<int32_t *>(from.data()), {batch, length}, torch::kInt);
        return shared.to(device, torch::kLong);
    }
};

namespace {
/// Each tensor as a view of the one array, so that autograd leaves one gradient.
std::map<std::string, torch::Tensor> views(const GptLayout &layout, const torch::Tensor &parameters) {
    std::map<std::string, torch::Tensor> named;
    for (const GptLayout::Tensor &tensor : layout.tensors())
        named[tensor.name] = parameters.narrow(0, tensor.offset, tensor.size).view(tensor.shape);
    return named;
}
} // namespace

/// (B·T, V)
torch::Tensor TorchGptStep::Data::logits(const torch::Tensor &parameters, const torch::Tensor &tokens) {
    auto w = views(layout, parameters);
    const auto norm = [&](const torch::Tensor &x, const std::string &name) {
        return torch::layer_norm(x, {config.dModel}, w.at(name + ".weight"), w.at(name + ".bias"), config.layerNormEps);
    };
    auto x = torch::embedding(w.at("token_embedding.weight"), tokens) +
             w.at("position_embedding.weight").slice(0, 0, length);
    const auto later = torch::ones({length, length}, torch::TensorOptions(torch::kBool).device(device)).triu(1);
    for (int layer = 0; layer < config.layers; ++layer) {
        const std::string block = "blocks." + std::to_string(layer) + ".";
        const auto ln1 = norm(x, block + "ln1");
        const auto head = [&](const char *name) {
            return torch::linear(ln1, w.at(block + "attention." + name + ".weight"))
                .view({batch, length, config.heads, config.headSize})
                .transpose(1, 2);
        };
        const auto scores = torch::matmul(head("query"), head("key").transpose(-1, -2)) /
                            std::sqrt(static_cast<double>(config.headSize));
        const auto pattern = dropout(torch::softmax(scores.masked_fill(later, -INFINITY), -1));
        const auto heads =
            torch::matmul(pattern, head("value")).transpose(1, 2).reshape({batch, length, config.attentionWidth()});
        x = x + dropout(torch::linear(heads, w.at(block + "attention.output.weight"),
                                      w.at(block + "attention.output.bias")));
        const auto hidden = torch::relu(
            torch::linear(norm(x, block + "ln2"), w.at(block + "mlp.in.weight"), w.at(block + "mlp.in.bias")));
        x = x + dropout(torch::linear(hidden, w.at(block + "mlp.out.weight"), w.at(block + "mlp.out.bias")));
    }
    return torch::linear(norm(x, "final_norm"), w.at("unembedding.weight"), w.at("unembedding.bias"))
        .view({batch * length, config.vocabSize});
}

TorchGptStep::TorchGptStep(const GptConfig &config, int batch, int length, const std::string &device) {
    if (device != "cpu" && !hasCudaDevice(device))
        throw Error("There is no device " + device + " here that LibTorch can use. Train on the processor instead.");
    data_ = std::make_unique<Data>(config, batch, length, device);
}

TorchGptStep::~TorchGptStep() = default;
TorchGptStep::TorchGptStep(TorchGptStep &&) noexcept = default;
TorchGptStep &TorchGptStep::operator=(TorchGptStep &&) noexcept = default;

double TorchGptStep::lossAndGradients(std::span<const float> parameters, std::span<const int32_t> tokens,
                                      std::span<const int32_t> targets, uint64_t dropoutSeed,
                                      std::span<float> gradients, const std::stop_token &stop) {
    throwIfStopped(stop);
    data_->generator.set_current_seed(dropoutSeed);
    const auto count = static_cast<int64_t>(parameters.size());
    const auto leaf = torch::from_blob(const_cast<float *>(parameters.data()), {count}, torch::kFloat)
                          .to(data_->device, torch::kFloat, false, true)
                          .set_requires_grad(true);
    const auto loss =
        torch::cross_entropy_loss(data_->logits(leaf, data_->ids(tokens)), data_->ids(targets).view({-1}));
    loss.backward();
    torch::from_blob(gradients.data(), {count}, torch::kFloat).copy_(leaf.grad());
    return loss.item<double>();
}

} // namespace tt
