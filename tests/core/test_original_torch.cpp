// The Python program's GPT and transcoder, rebuilt in LibTorch as its modules are, against what is imported of them.
#include "core/random_models.h"
#include "core/torch_file_writer.h"
#include "core/training_samples.h"

#include "core/io/torch_file.h"
#include "core/nn/gpt_forward.h"
#include "core/nn/original_files.h"

#include <QTemporaryDir>
#include <QtTest>
#include <torch/torch.h>

using namespace tt;
using namespace tt::test;

namespace {
using Named = std::vector<std::pair<std::string, torch::Tensor>>;

struct Sizes {
    int64_t vocab = 53, d = 26, heads = 4, layers = 2, context = 9; ///< d / heads rounds down, as 512 / 12 does
};

/// A head keeps its own three projections and mask.
struct Head : torch::nn::Module {
    Head(int64_t d, int64_t size, int64_t context)
        : key(register_module("key", torch::nn::Linear(torch::nn::LinearOptions(d, size).bias(false)))),
          query(register_module("query", torch::nn::Linear(torch::nn::LinearOptions(d, size).bias(false)))),
          value(register_module("value", torch::nn::Linear(torch::nn::LinearOptions(d, size).bias(false)))),
          tril(register_buffer("tril", torch::ones({context, context}).tril())) {}
    torch::Tensor forward(const torch::Tensor &x) {
        const int64_t length = x.size(1);
        const auto k = key(x), q = query(x);
        auto weights = torch::matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(k.size(-1)));
        const auto mask = tril.slice(0, 0, length).slice(1, 0, length);
        weights = torch::softmax(weights.masked_fill(mask == 0, -INFINITY), -1);
        return torch::matmul(weights, value(x));
    }
    torch::nn::Linear key, query, value;
    torch::Tensor tril;
};

struct Block : torch::nn::Module {
    explicit Block(const Sizes &s) {
        const int64_t size = s.d / s.heads;
        auto attention = register_module("sa", std::make_shared<torch::nn::Module>("sa"));
        auto list = attention->register_module("heads", torch::nn::ModuleList());
        for (int64_t h = 0; h < s.heads; ++h) {
            heads.push_back(std::make_shared<Head>(s.d, size, s.context));
            list->push_back(heads.back());
        }
        projection = attention->register_module("proj", torch::nn::Linear(size * s.heads, s.d));
        auto mlp = register_module("ffwd", std::make_shared<torch::nn::Module>("ffwd"));
        net = mlp->register_module("net", torch::nn::Sequential(torch::nn::Linear(s.d, 4 * s.d), torch::nn::ReLU(),
                                                                torch::nn::Linear(4 * s.d, s.d)));
        ln1 = register_module("ln1", torch::nn::LayerNorm(torch::nn::LayerNormOptions({s.d})));
        ln2 = register_module("ln2", torch::nn::LayerNorm(torch::nn::LayerNormOptions({s.d})));
    }
    torch::Tensor forward(torch::Tensor x) {
        const auto normed = ln1(x);
        std::vector<torch::Tensor> outs;
        for (auto &head : heads)
            outs.push_back(head->forward(normed));
        x = x + projection(torch::cat(outs, -1));
        mlpInput = ln2(x);
        return x + net->forward(mlpInput);
    }
    std::vector<std::shared_ptr<Head>> heads;
    torch::nn::Linear projection{nullptr};
    torch::nn::Sequential net{nullptr};
    torch::nn::LayerNorm ln1{nullptr}, ln2{nullptr};
    torch::Tensor mlpInput;
};

struct OriginalGpt : torch::nn::Module {
    explicit OriginalGpt(const Sizes &s)
        : tokens(register_module("token_embedding_table", torch::nn::Embedding(s.vocab, s.d))),
          positions(register_module("position_embedding_table", torch::nn::Embedding(s.context, s.d))) {
        auto list = register_module("blocks", torch::nn::ModuleList());
        for (int64_t i = 0; i < s.layers; ++i) {
            blocks.push_back(std::make_shared<Block>(s));
            list->push_back(blocks.back());
        }
        norm = register_module("ln_f", torch::nn::LayerNorm(torch::nn::LayerNormOptions({s.d})));
        out = register_module("lm_head", torch::nn::Linear(s.d, s.vocab));
        const torch::NoGradGuard none;
        for (auto &parameter : parameters()) // nothing vanishes, γ included
            parameter.copy_(0.4 * torch::randn_like(parameter) + (parameter.dim() == 1 ? 0.5 : 0.0));
    }
    torch::Tensor forward(const torch::Tensor &ids) {
        auto x = tokens(ids) + positions(torch::arange(ids.size(1)));
        for (auto &block : blocks)
            x = block->forward(x);
        return out(norm(x));
    }
    torch::nn::Embedding tokens, positions;
    std::vector<std::shared_ptr<Block>> blocks;
    torch::nn::LayerNorm norm{nullptr};
    torch::nn::Linear out{nullptr};
};

std::vector<float> valuesOf(const torch::Tensor &tensor) {
    const auto flat = tensor.detach().contiguous().to(torch::kFloat).reshape({-1});
    return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

Named stateOf(const torch::nn::Module &module) {
    Named state;
    for (const auto &parameter : module.named_parameters())
        state.emplace_back(parameter.key(), parameter.value());
    for (const auto &buffer : module.named_buffers())
        state.emplace_back(buffer.key(), buffer.value());
    return state;
}

std::string pickledState(SavedByTorch &saved, const Named &state) {
    std::vector<std::pair<std::string, std::string>> entries;
    for (const auto &[name, tensor] : state)
        entries.emplace_back(name, saved.tensor(valuesOf(tensor), tensor.sizes().vec()));
    return SavedByTorch::stateDict(entries);
}

std::vector<float> ourLogits(const GptWeights<float> &weights, const std::vector<int32_t> &tokens, int batch) {
    GptActivations<float> activations;
    forward<float>(weights, tokens, batch, activations);
    std::vector<float> out(tokens.size() * static_cast<size_t>(weights.config.vocabSize));
    logits<float>(weights, activations.finalNorm, out);
    return out;
}

torch::Tensor idsOf(const std::vector<int32_t> &tokens, int64_t batch) {
    return torch::tensor(std::vector<int64_t>(tokens.begin(), tokens.end())).view({batch, -1});
}
} // namespace

class TestOriginalTorch : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    [[nodiscard]] std::string path(const char *name) const { return folder_.filePath(name).toStdString(); }
    void writeState(const char *name, const Named &state) const {
        SavedByTorch saved;
        const std::string root = pickledState(saved, state);
        writeBytes(path(name), saved.file(root));
    }

private Q_SLOTS:
    void init() { torch::manual_seed(11); }

    void the_gpts_logits_are_pytorchs() {
        const Sizes sizes;
        OriginalGpt model(sizes);
        writeState("gpt.pth", stateOf(model));
        const GptWeights<float> ours = readOriginalGpt(path("gpt.pth"));
        QCOMPARE(ours.config.heads, 4);
        QCOMPARE(ours.config.headSize, 6);
        QCOMPARE(ours.config.context, 9);
        const auto tokens = randomTokens(3 * 9, 53, 2);
        const auto expected = model.forward(idsOf(tokens, 3)).reshape({-1});
        const auto actual = torch::tensor(ourLogits(ours, tokens, 3));
        QVERIFY(expected.abs().max().item<double>() > 1);
        QVERIFY2((expected - actual).abs().max().item<double>() < 1e-4,
                 qPrintable(QString::number((expected - actual).abs().max().item<double>())));
    }

    /// PyTorch's own writer of archives and tensors, with a transposed one and one that begins inside its storage.
    void a_file_that_libtorch_itself_wrote_is_read() {
        const auto matrix = torch::randn({5, 3}), rows = torch::arange(12, torch::kDouble).view({4, 3});
        const auto tuple = c10::ivalue::Tuple::create(
            {matrix, matrix.t(), rows.slice(0, 1, 3), matrix.to(torch::kHalf), matrix.to(torch::kBFloat16)});
        const std::vector<char> bytes = torch::pickle_save(tuple);
        writeBytes(path("libtorch.pt"), {bytes.begin(), bytes.end()});
        TorchFile file(path("libtorch.pt"));
        QCOMPARE(file.root().items.size(), tuple->elements().size());
        for (size_t i = 0; i < tuple->elements().size(); ++i) {
            const torch::Tensor expected = tuple->elements()[i].toTensor();
            QVERIFY2(file.floats(*file.root().items[i], "it", expected.sizes().vec()) == valuesOf(expected),
                     qPrintable(QString::number(i)));
        }
    }

    /// Its dictionaries name a function of TorchScript's.
    void what_libtorch_would_call_is_refused_by_name() {
        c10::Dict<std::string, torch::Tensor> state;
        state.insert("w", torch::ones({2}));
        const std::vector<char> bytes = torch::pickle_save(state);
        writeBytes(path("dict.pt"), {bytes.begin(), bytes.end()});
        QVERIFY(mentions(errorOf([&] { TorchFile{path("dict.pt")}; }).first, "restore_type_tag"));
    }

    void a_gpt_that_is_another_model_is_refused_data() {
        QTest::addColumn<QString>("tensor");
        QTest::addColumn<QString>("change");
        QTest::addColumn<QString>("why");
        const auto row = [](const char *what, const char *tensor, const char *change, const char *why) {
            QTest::newRow(what) << QString(tensor) << QString(change) << QString(why);
        };
        row("a tensor is missing", "blocks.1.ln2.bias", "drop", "blocks.1.ln2.bias");
        row("a head is missing", "blocks.0.sa.heads.3.key.weight", "drop", "sa");
        row("a shape differs", "lm_head.bias", "grow", "lm_head.bias");
        row("a value is NaN", "blocks.0.ffwd.net.2.weight", "nan", "not finite");
        row("the mask is not causal", "blocks.1.sa.heads.2.tril", "fill", "mask");
        row("there is more", "blocks.0.sa.heads.0.key.bias", "add", "key.bias");
        row("no embedding", "token_embedding_table.weight", "drop", "no GPT of the Python TinyTranscoder");
    }
    void a_gpt_that_is_another_model_is_refused() {
        QFETCH(QString, tensor);
        QFETCH(QString, change);
        QFETCH(QString, why);
        OriginalGpt model(Sizes{});
        Named state;
        for (auto &[name, value] : stateOf(model)) {
            torch::Tensor changed = value.detach().clone();
            if (name == tensor.toStdString()) {
                if (change == "drop")
                    continue;
                if (change == "grow")
                    changed = torch::cat({changed, changed});
                if (change == "nan")
                    changed.view({-1})[3] = NAN;
                if (change == "fill")
                    changed.fill_(1);
            }
            state.emplace_back(name, changed);
        }
        if (change == "add")
            state.emplace_back(tensor.toStdString(), torch::ones({6}));
        writeState("changed.pth", state);
        const std::string text = errorOf([&] { readOriginalGpt(path("changed.pth")); }).first;
        QVERIFY2(mentions(text, why.toStdString()) && mentions(text, "changed.pth"), text.c_str());
    }

    void the_transcoders_activations_are_pytorchs_data() {
        QTest::addColumn<bool>("crossLayer");
        QTest::newRow("a decoder a layer") << false;
        QTest::newRow("decoders i_j") << true;
    }
    void the_transcoders_activations_are_pytorchs() {
        QFETCH(bool, crossLayer);
        const int64_t d = 26, features = 40, layers = 2, k = 30; // so many that negative ones are kept too
        SavedByTorch saved;
        Named encoders, decoders;
        for (int64_t i = 0; i < layers; ++i) {
            const std::string name = std::to_string(i);
            encoders.emplace_back(name + ".weight", torch::randn({features, d}));
            encoders.emplace_back(name + ".bias", torch::randn({features}));
            for (int64_t j = i; j < (crossLayer ? layers : i + 1); ++j) {
                const std::string decoder = name + (crossLayer ? "_" + std::to_string(j) : "");
                decoders.emplace_back(decoder + ".weight", torch::randn({d, features}));
                decoders.emplace_back(decoder + ".bias", torch::randn({d}));
            }
        }
        const std::string root =
            SavedByTorch::dict({{"encoders", pickledState(saved, encoders)},
                                {"decoders", pickledState(saved, decoders)},
                                {"feature_importance", saved.tensor(std::vector<float>(80), {layers, features})},
                                {"config", SavedByTorch::dict({{"model_name", pickled("TC_2l_26H")},
                                                               {"num_features", pickled(features)},
                                                               {"num_layers", pickled(layers)},
                                                               {"hidden_size", pickled(d)}})}});
        writeBytes(path("transcoder.pth"), saved.file(root));
        const TranscoderWeights<float> ours = readOriginalTranscoder(path("transcoder.pth"), static_cast<int>(k));
        QCOMPARE(toString(ours.config.kind), std::string(crossLayer ? "cross-layer" : "per-layer"));

        const auto input = 3 * torch::randn({7, d}) + 1;
        std::vector<SparseActivations<float>> active;
        torch::Tensor predicted = torch::zeros({7, d});
        for (int64_t i = 0; i < layers; ++i) {
            const auto normed = torch::layer_norm(input, {d});
            const auto pre = torch::linear(normed, encoders[2 * static_cast<size_t>(i)].second,
                                           encoders[2 * static_cast<size_t>(i) + 1].second);
            const auto gate = torch::zeros_like(pre).scatter_(-1, std::get<1>(torch::topk(pre, k, -1)), 1.0);
            const auto expected = pre * gate;
            active.push_back(encode<float>(ours, static_cast<int>(i), valuesOf(input)));
            QCOMPARE(active.back().values.size(), static_cast<size_t>(7 * k));
            auto dense = torch::zeros({7, features});
            for (int64_t row = 0; row < 7; ++row)
                for (auto at = active.back().offsets[static_cast<size_t>(row)];
                     at < active.back().offsets[static_cast<size_t>(row) + 1]; ++at)
                    dense[row][active.back().features[static_cast<size_t>(at)]] =
                        active.back().values[static_cast<size_t>(at)];
            QVERIFY((dense - expected).abs().max().item<double>() < 1e-4);
            QVERIFY(expected.min().item<double>() < 0);
            const size_t into = crossLayer ? (i == 0 ? 1 : 2) : static_cast<size_t>(i); // i_1, or i
            const auto part = torch::linear(expected, decoders[2 * into].second, decoders[2 * into + 1].second);
            predicted = crossLayer ? predicted + part : part;
        }
        std::vector<float> out(static_cast<size_t>(7 * d));
        decode<float>(ours, 1, active, valuesOf(input), out);
        QVERIFY((torch::tensor(out).view({7, d}) - predicted).abs().max().item<double>() < 1e-3);
    }

    void one_file_given_for_the_other_says_which_it_is() {
        OriginalGpt model(Sizes{});
        writeState("gpt.pth", stateOf(model));
        QVERIFY(mentions(errorOf([&] { readOriginalTranscoder(path("gpt.pth"), 16); }).first, "no transcoder"));
        SavedByTorch saved;
        writeBytes(path("t.pth"), saved.file(SavedByTorch::dict({{"encoders", "}"}, {"decoders", "}"}})));
        QVERIFY(mentions(errorOf([&] { readOriginalGpt(path("t.pth")); }).first, "is a transcoder"));
        writeBytes(path("tensor.pth"), saved.file(saved.tensor({1}, {1})));
        QVERIFY(mentions(errorOf([&] { readOriginalGpt(path("tensor.pth")); }).first, "single tensor"));
    }
};

QTEST_APPLESS_MAIN(TestOriginalTorch)
#include "test_original_torch.moc"
