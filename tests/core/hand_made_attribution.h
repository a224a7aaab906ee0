#pragma once

#include "core/circuits/attribution.h"

/// A graph small enough to work out by hand.
namespace handmade {

using namespace tt;

/// Two layers, two places. Rows (target ← its inputs); a position's edge stands after its token's "+":
///   A = 0/3@0 ← t0 3 + −1                                   |Σ| 2
///   B = 0/5@1 ← t0 1, t1 4 + −1                             |Σ| 4
///   C = 1/2@1 ← A 4, B −2, error 0@1 1, t1 −1               |Σ| 8
///   X (w 1/2) ← C 6, A −2, error 1@1 −1, t1 2 + −1          |Σ| 10
///   Y (w 1/4) ← C −1, B 2, error 1@1 1                      |Σ| 4
/// Influence by hand, in 1/1280 (X hands down 640, Y 320):
///   C = 640·6/10 + 320/4 = 464       A = 640·2/10 + 464/2 = 360     B = 320/2 + 464/4 = 276
///   error 0@1 = 464/8 = 58           error 1@1 = 64 + 80 = 144
///   t0 = 360 + 276/4 = 429           t1 = 276·3/4 + 58 + 64 = 329   (58 + 144 + 429 + 329 = 960 = w)
enum { A, B, C, E00, E01, E10, E11, T0, T1, P0, P1, Bias, X, Y };

inline Attribution<double> handMade() {
    Attribution<double> a;
    a.ids = {7, 9};
    a.layers = 2;
    a.vocabSize = 20;
    const auto feature = NodeKind::Feature, error = NodeKind::Error, token = NodeKind::Token,
               position = NodeKind::Position;
    a.nodes = {{.kind = feature, .layer = 0, .position = 0, .id = 3, .preactivation = 2.5},
               {.kind = feature, .layer = 0, .position = 1, .id = 5, .preactivation = 3.5},
               {.kind = feature, .layer = 1, .position = 1, .id = 2, .preactivation = 3},
               {.kind = error, .layer = 0, .position = 0},
               {.kind = error, .layer = 0, .position = 1},
               {.kind = error, .layer = 1, .position = 0},
               {.kind = error, .layer = 1, .position = 1},
               {.kind = token, .position = 0, .id = 7},
               {.kind = token, .position = 1, .id = 9},
               {.kind = position, .position = 0, .id = 0},
               {.kind = position, .position = 1, .id = 1},
               {.kind = NodeKind::Bias},
               {.kind = NodeKind::Logit, .position = 1, .id = 12, .activation = 0.5, .preactivation = 6},
               {.kind = NodeKind::Logit, .position = 1, .id = 4, .activation = 0.25, .preactivation = 2}};
    a.sources = 11;
    a.rowNode = {A, B, C, X, Y};
    //           A   B  C  e00 e01 e10 e11 t0 t1  p0  p1
    a.matrix = {0,  0,  0,  0, 0, 0, 0,  3, 0,  -1, 0,  //
                0,  0,  0,  0, 0, 0, 0,  1, 4,  0,  -1, //
                4,  -2, 0,  0, 1, 0, 0,  0, -1, 0,  0,  //
                -2, 0,  6,  0, 0, 0, -1, 0, 2,  0,  -1, //
                0,  2,  -1, 0, 0, 0, 1,  0, 0,  0,  0};
    a.bias = {0.5, -0.5, 1, 2, 0};
    a.targetRows = {3, 4};
    a.targetWeights = {0.5, 0.25};
    return a;
}

} // namespace handmade
