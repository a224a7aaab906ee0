// The hot loops and products of training at the sizes of the presets. Rates: "bytes" are what a kernel must read and
// write, "flops" what a product or attention multiplies and adds.

#include "core/nn/gemm.h"
#include "core/nn/gpt_step.h"
#include "core/random.h"
#include "core/train/gpt_training.h"

#include <benchmark/benchmark.h>
#include <omp.h>

using namespace tt;

namespace {
constexpr int64_t rows = 8192;

std::vector<float> normals(int64_t count) {
    Random random(1);
    std::vector<float> values(static_cast<size_t>(count));
    for (float &value : values)
        value = static_cast<float>(random.normal());
    return values;
}

std::vector<BFloat16> narrowNormals(int64_t count) {
    const auto values = normals(count);
    std::vector<BFloat16> narrow(values.size());
    kernels<float>().roundToBFloat16(values.data(), narrow.data(), count);
    return narrow;
}

void setFlops(benchmark::State &state, double each) {
    state.counters["flops"] =
        benchmark::Counter(each, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

void setBytes(benchmark::State &state, int64_t each) {
    state.SetBytesProcessed(state.iterations() * each);
}

/// Args: m, n, k, transposed A, transposed B.
template <class F>
void product(benchmark::State &state) {
    const int64_t m = state.range(0), n = state.range(1), k = state.range(2);
    const auto a = Transpose(state.range(3) != 0), b = Transpose(state.range(4) != 0);
    const int64_t lda = state.range(3) ? m : k, ldb = state.range(4) ? k : n;
    std::vector<float> c(static_cast<size_t>(m * n));
    if constexpr (std::is_same_v<F, float>) {
        const auto left = normals(m * k), right = normals(k * n);
        for (auto _ : state)
            gemm<float>(a, b, m, n, k, 1, left.data(), lda, right.data(), ldb, 0, c.data(), n);
    } else {
        const auto left = narrowNormals(m * k), right = narrowNormals(k * n);
        for (auto _ : state)
            gemm(a, b, m, n, k, left.data(), lda, right.data(), ldb, 0, c.data(), n);
    }
    setFlops(state, 2.0 * static_cast<double>(m * n * k));
}

void products(benchmark::internal::Benchmark *all) {
    all->ArgNames({"m", "n", "k", "ta", "tb"})->Unit(benchmark::kMillisecond)->UseRealTime();
    all->Args({rows, 2048, 512, 0, 1}); // into the MLP of `original`
    all->Args({rows, 512, 2048, 0, 0}); // its gradient by the input
    all->Args({2048, 512, rows, 1, 0}); // and by the weights
    all->Args({1024, 2048, 512, 0, 1}); // a tile of logits, transposed
    all->Args({1024, 512, 2048, 0, 0}); // its gradient by the unembedding
    all->Args({2048, 512, 1024, 1, 0}); // and by the stream
}
BENCHMARK(product<float>)->Apply(products);
BENCHMARK(product<BFloat16>)->Apply(products);

/// Args: batch, length, heads, head size, backward.
void attention(benchmark::State &state) {
    const AttentionShape shape{state.range(0), state.range(1), state.range(2), state.range(3)};
    const StepKernels<float, float> &k = stepKernels<float, float>();
    const int64_t n = shape.batch * shape.length, width = shape.heads * shape.headSize;
    const auto qkv = normals(3 * n * width), dOut = normals(n * width);
    std::vector<float> pattern(static_cast<size_t>(n * shape.heads * shape.length)),
        out(static_cast<size_t>(n * width)), dQkv(qkv.size()),
        scratch(static_cast<size_t>(k.attentionScratch(shape) * omp_get_max_threads()));
    const bool backward = state.range(4) != 0;
    k.attention(qkv.data(), shape, {}, pattern.data(), out.data(), scratch.data());
    for (auto _ : state)
        if (backward)
            k.attentionBackward(qkv.data(), pattern.data(), dOut.data(), shape, {}, dQkv.data(), scratch.data());
        else
            k.attention(qkv.data(), shape, {}, pattern.data(), out.data(), scratch.data());
    setFlops(state, (backward ? 5.0 : 2.0) * static_cast<double>(n * width * shape.length));
}
BENCHMARK(attention)
    ->ArgNames({"batch", "length", "heads", "size", "backward"})
    ->Args({128, 64, 12, 42, 0})
    ->Args({128, 64, 12, 42, 1})
    ->Args({64, 128, 8, 32, 0})
    ->Args({64, 128, 8, 32, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

/// A tile of logits: (1024 entries, 2048 rows).
template <class F>
void exponentials(benchmark::State &state) {
    constexpr int64_t entries = 1024, width = 2048;
    const auto tile = normals(entries * width), bias = normals(entries);
    const std::vector<int32_t> targets(width, 7);
    std::vector<float> reference(width, 3.0f), targetLogit(width);
    std::vector<double> sums(width);
    std::vector<F> out(tile.size());
    const LossRows<float> block{width, targets.data(), reference.data(), targetLogit.data(), sums.data()};
    for (auto _ : state)
        stepKernels<float, F>().exponentials(tile.data(), bias.data(), 0, entries, block, out.data());
    setBytes(state, entries * width * static_cast<int64_t>(sizeof(float) + sizeof(F)));
}
BENCHMARK(exponentials<float>)->UseRealTime();
BENCHMARK(exponentials<BFloat16>)->UseRealTime();

template <class F>
void layerNorm(benchmark::State &state) {
    const int64_t d = state.range(0);
    const auto x = normals(rows * d), gamma = normals(d), beta = normals(d);
    std::vector<float> mean(rows), inverse(rows);
    std::vector<F> out(x.size());
    for (auto _ : state)
        stepKernels<float, F>().layerNorm(x.data(), gamma.data(), beta.data(), 1e-5, rows, d, out.data(), mean.data(),
                                          inverse.data());
    setBytes(state, rows * d * static_cast<int64_t>(sizeof(float) + sizeof(F)));
}
BENCHMARK(layerNorm<float>)->Arg(256)->Arg(512)->UseRealTime();
BENCHMARK(layerNorm<BFloat16>)->Arg(512)->UseRealTime();

void adam(benchmark::State &state) {
    const int64_t n = state.range(0);
    auto weights = normals(n), gradient = normals(n);
    std::vector<float> first(weights.size()), second(weights.size());
    for (auto _ : state)
        kernels<float>().adam(weights.data(), gradient.data(), first.data(), second.data(), n,
                              {.learningRate = 1e-3, .weightDecay = 0.1});
    setBytes(state, n * 7 * static_cast<int64_t>(sizeof(float)));
}
BENCHMARK(adam)->Arg(1 << 22)->Arg(1 << 25)->Unit(benchmark::kMillisecond)->UseRealTime();

void roundToBFloat16(benchmark::State &state) {
    const int64_t n = state.range(0);
    const auto x = normals(n);
    std::vector<BFloat16> out(x.size());
    for (auto _ : state)
        kernels<float>().roundToBFloat16(x.data(), out.data(), n);
    setBytes(state, n * 6);
}
BENCHMARK(roundToBFloat16)->Arg(1 << 22)->UseRealTime();

/// One token's product with the unembedding of `original` and `tiny`.
void matrixTimesVector(benchmark::State &state) {
    const int64_t vocab = state.range(0), d = state.range(1);
    const auto w = normals(vocab * d), x = normals(d);
    std::vector<float> y(static_cast<size_t>(vocab));
    for (auto _ : state)
        kernels<float>().matrixTimesVector(w.data(), x.data(), vocab, d, 0, y.data());
    setBytes(state, vocab * d * 4);
}
BENCHMARK(matrixTimesVector)->Args({50257, 512})->Args({4096, 256})->UseRealTime();

/// A whole step: loss and gradients of a preset's model, dropout and all.
template <class F>
void step(benchmark::State &state) {
    const GptTrainingConfig config = GptTrainingConfig::fromPreset("tiny");
    Random random(1);
    const auto parameters = flatten(initialWeights(config.model, random, true));
    std::vector<int32_t> tokens(static_cast<size_t>(config.batch) * static_cast<size_t>(config.model.context));
    for (int32_t &token : tokens)
        token = static_cast<int32_t>(random.below(static_cast<uint64_t>(config.model.vocabSize)));
    std::vector<float> gradients(parameters.size());
    GptStep<float, F> gpt(config.model, config.batch, config.model.context);
    for (auto _ : state)
        benchmark::DoNotOptimize(gpt.lossAndGradients(parameters, tokens, tokens, 1, gradients));
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(tokens.size()));
}
BENCHMARK(step<float>)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(step<BFloat16>)->Unit(benchmark::kMillisecond)->UseRealTime();
} // namespace

int main(int argc, char **argv) {
    benchmark::Initialize(&argc, argv);
    omp_set_num_threads(omp_get_num_procs());
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
