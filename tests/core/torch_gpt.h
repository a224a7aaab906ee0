#pragma once

// The plain LibTorch version of the model: the oracle for forward, loss and gradients.

#include "core/nn/gpt_weights.h"

#include <torch/torch.h>

#include <cmath>
#include <map>

namespace tt::test {

using TensorMap = std::map<std::string, torch::Tensor>;

template <class T>
TensorMap torchWeights(const GptWeights<T> &weights, bool gradients) {
    TensorMap map;
    const auto type = sizeof(T) == 8 ? torch::kDouble : torch::kFloat;
    forEachTensor(weights,
                  [&](const std::string &name, const std::vector<T> &values, const std::vector<int64_t> &shape) {
                      auto tensor = torch::from_blob(const_cast<T *>(values.data()), shape, type).clone();
                      map[name] = tensor.set_requires_grad(gradients);
                  });
    return map;
}

inline torch::Tensor torchNorm(const torch::Tensor &x, TensorMap &w, const std::string &name, double epsilon) {
    return torch::layer_norm(x, {x.size(-1)}, w.at(name + ".weight"), w.at(name + ".bias"), epsilon);
}

/// Logits (B, T, V) for tokens (B, T).
inline torch::Tensor torchForward(const GptConfig &c, TensorMap &w, const torch::Tensor &tokens) {
    const int64_t batch = tokens.size(0), length = tokens.size(1);
    auto x = torch::embedding(w.at("token_embedding.weight"), tokens) +
             w.at("position_embedding.weight").slice(0, 0, length);
    const auto mask = torch::ones({length, length}, torch::kBool).tril();
    for (int i = 0; i < c.layers; ++i) {
        const std::string p = "blocks." + std::to_string(i) + ".";
        const auto norm = torchNorm(x, w, p + "ln1", c.layerNormEps);
        const auto split = [&](const char *name) {
            return torch::linear(norm, w.at(p + "attention." + name + ".weight"))
                .view({batch, length, c.heads, c.headSize})
                .transpose(1, 2);
        };
        const auto scores =
            torch::matmul(split("query"), split("key").transpose(-1, -2)) / std::sqrt(double(c.headSize));
        const auto pattern = torch::softmax(scores.masked_fill(~mask, -INFINITY), -1);
        const auto heads =
            torch::matmul(pattern, split("value")).transpose(1, 2).reshape({batch, length, c.attentionWidth()});
        x = x + torch::linear(heads, w.at(p + "attention.output.weight"), w.at(p + "attention.output.bias"));
        const auto hidden = torch::relu(torch::linear(torchNorm(x, w, p + "ln2", c.layerNormEps),
                                                      w.at(p + "mlp.in.weight"), w.at(p + "mlp.in.bias")));
        x = x + torch::linear(hidden, w.at(p + "mlp.out.weight"), w.at(p + "mlp.out.bias"));
    }
    return torch::linear(torchNorm(x, w, "final_norm", c.layerNormEps), w.at("unembedding.weight"),
                         w.at("unembedding.bias"));
}

} // namespace tt::test
