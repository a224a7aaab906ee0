#pragma once

#include "core/nn/transcoder.h"

#include <QTest>

namespace tt::test {

/// Rows of a data-driven test: every kind of transcoder, with columns kind, activation (int) and skip (bool).
inline void addTranscoderKinds() {
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("activation");
    QTest::addColumn<bool>("skip");
    const auto row = [](const char *name, TranscoderKind kind, Activation activation, bool skip) {
        QTest::newRow(name) << static_cast<int>(kind) << static_cast<int>(activation) << skip;
    };
    row("per-layer topk", TranscoderKind::PerLayer, Activation::TopK, false);
    row("per-layer topk with skip", TranscoderKind::PerLayer, Activation::TopK, true);
    row("per-layer batchtopk", TranscoderKind::PerLayer, Activation::BatchTopK, false);
    row("per-layer jumprelu", TranscoderKind::PerLayer, Activation::JumpRelu, false);
    row("per-layer relu", TranscoderKind::PerLayer, Activation::Relu, false);
    row("cross-layer topk", TranscoderKind::CrossLayer, Activation::TopK, false);
    row("cross-layer batchtopk", TranscoderKind::CrossLayer, Activation::BatchTopK, false);
    row("cross-layer jumprelu with skip", TranscoderKind::CrossLayer, Activation::JumpRelu, true);
    row("cross-layer relu", TranscoderKind::CrossLayer, Activation::Relu, false);
}

} // namespace tt::test
