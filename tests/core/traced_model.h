#pragma once

#include "core/circuits/attribution_nodes.h"
#include "reference_model.h"

#include <QTest>

Q_DECLARE_METATYPE(reference::Shape)

/// A random model run by the reference, ready to be traced.
struct TracedModel {
    reference::Model model;
    reference::Pass pass;
    std::vector<tt::SparseActivations<double>> active;

    explicit TracedModel(const reference::Shape &shape, uint64_t seed = 7)
        : model(reference::makeModel(shape, seed)), pass(reference::run(model)),
          active(reference::activeFeatures(model, pass)) {}

    [[nodiscard]] tt::TracedPrompt<double> inputs() const {
        return {model.gpt, model.transcoder, model.ids, pass.activations, active};
    }
    [[nodiscard]] tt::Attribution<double> attribute(const tt::Targets &targets = {}) const {
        return tt::attribute<double>(model.gpt, model.transcoder, model.ids, pass.activations, active, targets, {});
    }
};

/// Models of every kind that attribution knows, with odd sizes.
inline void addModelShapes() {
    QTest::addColumn<reference::Shape>("shape");
    const auto cross = tt::TranscoderKind::CrossLayer;
    using tt::Activation;
    QTest::newRow("per-layer top-k") << reference::Shape{};
    QTest::newRow("per-layer relu, four layers") << reference::Shape{.layers = 4, .activation = Activation::Relu};
    QTest::newRow("per-layer jumprelu with skip")
        << reference::Shape{.layers = 3, .activation = Activation::JumpRelu, .skip = true};
    QTest::newRow("per-layer batch-top-k, six layers")
        << reference::Shape{.layers = 6, .activation = Activation::BatchTopK};
    QTest::newRow("cross-layer relu") << reference::Shape{.kind = cross, .activation = Activation::Relu};
    QTest::newRow("cross-layer top-k with skip, three layers")
        << reference::Shape{.layers = 3, .length = 7, .kind = cross, .skip = true};
    QTest::newRow("cross-layer jumprelu, four layers")
        << reference::Shape{.layers = 4, .kind = cross, .activation = Activation::JumpRelu};
    QTest::newRow("cross-layer batch-top-k, five layers")
        << reference::Shape{.layers = 5, .length = 6, .kind = cross, .activation = Activation::BatchTopK};
    QTest::newRow("one layer, one token") << reference::Shape{.layers = 1, .length = 1};
}
