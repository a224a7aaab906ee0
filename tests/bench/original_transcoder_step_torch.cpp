// What `bench transcoder --preset original` is compared with: the Python program's training step in plain LibTorch, on
// the BLAS that LibTorch finds. The GPT runs to its logits, in training mode (dropout), for 64 windows of 64 tokens;
// then for each of two layers layer norm of the activations, dense encoder, TopK, dense decoder, mean square error,
// autograd, clipping, Adam. Prints tokens a second as JSON.
//
//   original_transcoder_step_torch [threads] [steps]

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <vector>

namespace {

namespace F = torch::nn::functional;
constexpr int64_t vocab = 50257, d = 512, heads = 12, headSize = 42, context = 64, batch = 64, features = 8192, k = 16;
constexpr double dropped = 0.1;

struct Block {
    torch::nn::LayerNorm ln1{torch::nn::LayerNormOptions({d})}, ln2{torch::nn::LayerNormOptions({d})};
    torch::nn::Linear query{torch::nn::LinearOptions(d, heads *headSize).bias(false)},
        key{torch::nn::LinearOptions(d, heads *headSize).bias(false)},
        value{torch::nn::LinearOptions(d, heads *headSize).bias(false)}, output{heads * headSize, d}, in{d, 4 * d},
        out{4 * d, d};
};

struct Gpt {
    torch::nn::Embedding token{vocab, d}, position{context, d};
    std::vector<Block> blocks = std::vector<Block>(2);
    torch::nn::LayerNorm norm{torch::nn::LayerNormOptions({d})};
    torch::nn::Linear head{d, vocab};

    /// Logits; (input, output) of each MLP.
    torch::Tensor forward(const torch::Tensor &ids, std::vector<std::pair<torch::Tensor, torch::Tensor>> &mlps) {
        auto x = token(ids) + position(torch::arange(context));
        const auto mask = torch::ones({context, context}).tril().eq(0);
        const auto split = [](const torch::Tensor &t) { // (B, H, T, s)
            return t.view({batch, context, heads, headSize}).transpose(1, 2);
        };
        for (Block &block : blocks) {
            const auto normed = block.ln1(x);
            const auto q = split(block.query(normed)), key = split(block.key(normed)), v = split(block.value(normed));
            auto pattern = torch::matmul(q, key.transpose(-2, -1)) / std::sqrt(static_cast<double>(headSize));
            pattern = torch::dropout(torch::softmax(pattern.masked_fill(mask, -1e30), -1), dropped, true);
            const auto mixed = torch::matmul(pattern, v).transpose(1, 2).reshape({batch, context, heads * headSize});
            x = x + torch::dropout(block.output(mixed), dropped, true);
            const auto input = block.ln2(x);
            const auto output = torch::dropout(block.out(torch::relu(block.in(input))), dropped, true);
            mlps.emplace_back(input.detach(), output.detach());
            x = x + output;
        }
        return head(norm(x));
    }
};

struct Transcoder {
    torch::nn::Linear encoder{d, features}, decoder{features, d};
    torch::Tensor loss(const torch::Tensor &input, const torch::Tensor &output) {
        const auto norm = F::LayerNormFuncOptions({d});
        const auto pre = encoder(F::layer_norm(input, norm));
        const auto [values, indices] = torch::topk(pre, k, -1);
        const auto active = torch::zeros_like(pre).scatter(-1, indices, values);
        return F::mse_loss(decoder(active), F::layer_norm(output, norm));
    }
};

} // namespace

int main(int argc, char **argv) {
    const int threads = argc > 1 ? std::atoi(argv[1]) : 2, steps = argc > 2 ? std::atoi(argv[2]) : 3;
    torch::set_num_threads(threads);
    Gpt gpt;
    std::vector<Transcoder> transcoders(2);
    std::vector<torch::Tensor> parameters;
    for (auto &transcoder : transcoders)
        for (const auto &linear : {transcoder.encoder, transcoder.decoder})
            for (const auto &parameter : linear->parameters())
                parameters.push_back(parameter);
    torch::optim::Adam optimiser(parameters, torch::optim::AdamOptions(1e-4));
    std::vector<double> seconds;
    double last = 0;
    for (int step = 0; step < steps + 1; ++step) {
        const auto start = std::chrono::steady_clock::now();
        std::vector<std::pair<torch::Tensor, torch::Tensor>> mlps;
        const auto logits = gpt.forward(torch::randint(vocab, {batch, context}), mlps);
        auto loss = torch::zeros({});
        for (size_t i = 0; i < transcoders.size(); ++i)
            loss = loss + transcoders[i].loss(mlps[i].first, mlps[i].second);
        optimiser.zero_grad();
        loss.backward();
        torch::nn::utils::clip_grad_norm_(parameters, 1.0);
        optimiser.step();
        last = loss.item<double>();
        if (step > 0) // the first warms up
            seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2), seconds.end());
    const double step = seconds[seconds.size() / 2];
    std::cout << "{\"tokens_per_second\": " << static_cast<double>(batch * context) / step
              << ", \"step_seconds\": " << step << ", \"loss\": " << last << ", \"threads\": " << threads << "}"
              << std::endl;
}
