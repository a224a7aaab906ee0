// Compiled once for each instruction set, with TT_ISA naming it. Includes nothing whose inline functions another file
// could share: the linker might then take this file's copy, with instructions the processor lacks.
#include "core/nn/step_attention_impl.h"

namespace tt::TT_ISA {

namespace {

// --- rows ------------------------------------------------------------------------------------------------------------

template <class T, class F>
void toFactors(const T *x, int64_t n, F *out) {
#pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < n; ++i)
        store(x[i], out[i]);
}

template <class T, class F>
void layerNorm(const T *x, const T *gamma, const T *beta, double epsilon, int64_t n, int64_t d, F *out, T *means,
               T *inverseSigma) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < n; ++r) {
        const T *row = x + r * d;
        F *to = out + r * d;
        const T mean = meanOf(row, d);
        T squares = 0;
#pragma omp simd reduction(+ : squares)
        for (int64_t i = 0; i < d; ++i)
            squares += (row[i] - mean) * (row[i] - mean);
        const T inverse =
            static_cast<T>(1 / __builtin_sqrt(static_cast<double>(squares) / static_cast<double>(d) + epsilon));
        means[r] = mean;
        inverseSigma[r] = inverse;
#pragma omp simd
        for (int64_t i = 0; i < d; ++i)
            store(gamma[i] * ((row[i] - mean) * inverse) + beta[i], to[i]);
    }
}

/// Calls rows(first, last, own) for each fixed part of n rows, own being its place in `parts` (2 · width, zero).
template <class T, class Rows>
void inParts(int64_t n, int64_t width, T *parts, Rows &&rows) {
    constexpr int64_t count = StepKernels<T, T>::sumParts;
#pragma omp parallel for schedule(static)
    for (int64_t part = 0; part < count; ++part) {
        T *own = parts + part * 2 * width;
        for (int64_t i = 0; i < 2 * width; ++i)
            own[i] = 0;
        rows(n * part / count, n * (part + 1) / count, own);
    }
}

template <class T>
void addParts(const T *parts, int64_t width, int64_t offset, T *out) {
    for (int64_t i = 0; i < width; ++i)
        out[i] = parts[offset + i];
    for (int64_t part = 1; part < StepKernels<T, T>::sumParts; ++part)
        for (int64_t i = 0; i < width; ++i)
            out[i] += parts[part * 2 * width + offset + i];
}

/// dx += (1/σ)(I − 11ᵀ/d − x̂x̂ᵀ/d)(γ ⊙ g), x̂ = (x − mean)/σ, g = scale · dOut; dγ += g ⊙ x̂, dβ += g.
template <class T>
inline void layerNormBackwardRow(const T *dOut, T scale, const T *x, const T *gamma, T mean, T inverse, int64_t d,
                                 T *dx, T *dGamma, T *dBeta) {
    T sum = 0, along = 0;
#pragma omp simd reduction(+ : sum, along)
    for (int64_t i = 0; i < d; ++i) {
        const T g = gamma[i] * dOut[i];
        sum += g;
        along += g * ((x[i] - mean) * inverse);
    }
    sum *= scale / T(d);
    along *= scale / T(d);
#pragma omp simd
    for (int64_t i = 0; i < d; ++i) {
        const T normal = (x[i] - mean) * inverse, g = scale * dOut[i];
        dx[i] += inverse * (gamma[i] * g - sum - normal * along);
        dGamma[i] += g * normal;
        dBeta[i] += g;
    }
}

template <class T>
void layerNormBackward(const T *dOut, const T *rowScale, const T *x, const T *gamma, const T *mean,
                       const T *inverseSigma, int64_t n, int64_t d, T *dx, T *dGamma, T *dBeta, T *parts) {
    inParts(n, d, parts, [=](int64_t first, int64_t last, T *own) {
        for (int64_t r = first; r < last; ++r)
            layerNormBackwardRow(dOut + r * d, rowScale ? rowScale[r] : T(1), x + r * d, gamma, mean[r],
                                 inverseSigma[r], d, dx + r * d, own, own + d);
    });
    addParts(parts, d, 0, dGamma);
    addParts(parts, d, d, dBeta);
}

template <class T, class F>
void biasRelu(const T *rows, const T *bias, int64_t n, int64_t width, F *out) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < n; ++r)
#pragma omp simd
        for (int64_t i = 0; i < width; ++i) {
            const T value = rows[r * width + i] + bias[i];
            store(value > 0 ? value : (value == value ? T(0) : value), out[r * width + i]); // a NaN stays one
        }
}

template <class T, class F>
void reluBackward(const T *dRows, const F *activation, int64_t n, int64_t width, F *out, T *dBias, T *parts) {
    inParts(n, width, parts, [=](int64_t first, int64_t last, T *own) {
        for (int64_t r = first; r < last; ++r)
#pragma omp simd
            for (int64_t i = 0; i < width; ++i) {
                const T d = dRows[r * width + i]; // read in any case: a condition would keep it from being vectorised
                const T g = load(activation[r * width + i]) > 0 ? d : T(0);
                own[i] += g;
                store(g, out[r * width + i]);
            }
    });
    addParts(parts, width, 0, dBias);
}

template <class T>
void addToResidual(const T *rows, const T *bias, const T *residual, int64_t n, int64_t d, DropoutStream stream,
                   T *out) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < n; ++r) {
        const T *row = rows + r * d, *skip = residual + r * d;
        T *to = out + r * d;
#pragma omp simd
        for (int64_t i = 0; i < d; ++i)
            to[i] = row[i] + bias[i];
        if (stream.rate > 0)
            dropRow(to, to, r * d, d, stream);
#pragma omp simd
        for (int64_t i = 0; i < d; ++i)
            to[i] += skip[i];
    }
}

template <class T, class F>
void dropoutBackward(const T *dResid, int64_t n, int64_t d, DropoutStream stream, F *out, T *dBias, T *parts) {
    inParts(n, d, parts, [=](int64_t first, int64_t last, T *own) {
        T *row = own + d; // the second half: scratch
        for (int64_t r = first; r < last; ++r) {
            const T *from = dResid + r * d;
            if (stream.rate > 0) {
                dropRow(from, row, r * d, d, stream);
                from = row;
            }
#pragma omp simd
            for (int64_t i = 0; i < d; ++i) {
                own[i] += from[i];
                store(from[i], out[r * d + i]);
            }
        }
    });
    addParts(parts, d, 0, dBias);
}

// --- loss ------------------------------------------------------------------------------------------------------------

constexpr int64_t lossChunk = 128; // rows a thread takes at a time: their sums stay in the first cache

/// Calls chunk(first, count) for each chunk of the rows.
template <class Chunk>
void inChunks(int64_t rows, Chunk &&chunk) {
#pragma omp parallel for schedule(static)
    for (int64_t first = 0; first < rows; first += lossChunk)
        chunk(first, rows - first < lossChunk ? rows - first : lossChunk);
}

template <class T>
void raiseReference(const T *tile, const T *bias, int64_t count, bool further, const LossRows<T> &rows) {
    inChunks(rows.rows, [=](int64_t first, int64_t width) {
        T *reference = rows.reference + first;
        for (int64_t v = 0; v < count; ++v) {
            const T *row = tile + v * rows.rows + first;
            const T b = bias[v];
            if (v == 0 && !further)
                for (int64_t i = 0; i < width; ++i)
                    reference[i] = row[i] + b;
            else
#pragma omp simd
                for (int64_t i = 0; i < width; ++i)
                    reference[i] = row[i] + b > reference[i] ? row[i] + b : reference[i];
        }
    });
}

template <class T, class F>
void exponentials(const T *tile, const T *bias, int64_t firstEntry, int64_t count, const LossRows<T> &rows, F *out) {
    inChunks(rows.rows, [=](int64_t first, int64_t width) {
        for (int64_t i = first; i < first + width; ++i) {
            const int64_t target = rows.targets[i] - firstEntry;
            if (target >= 0 && target < count)
                rows.targetLogit[i] = tile[target * rows.rows + i] + bias[target];
        }
        T sums[lossChunk] = {};
        const T *reference = rows.reference + first;
        for (int64_t v = 0; v < count; ++v) {
            const T *row = tile + v * rows.rows + first;
            F *to = out + v * rows.rows + first;
            const T b = bias[v];
#pragma omp simd
            for (int64_t i = 0; i < width; ++i) {
                const T exponent = row[i] + b - reference[i];
                const T e = exponential(exponent > T(88) ? T(88) : exponent);
                sums[i] += e;
                store(e, to[i]);
            }
        }
        for (int64_t i = 0; i < width; ++i)
            rows.sum[first + i] += static_cast<double>(sums[i]);
    });
}

template <class T, class F>
void finishLoss(const LossRows<T> &rows, int64_t total, F *e, T *rowScale, double *loss) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < rows.rows; ++r) {
        const T above = rows.targetLogit[r] - rows.reference[r];
        const double sum = rows.sum[r];
        loss[r] = __builtin_log(sum) - static_cast<double>(above);
        rowScale[r] = static_cast<T>(1 / (static_cast<double>(total) * sum));
        const T target = exponential(above > T(88) ? T(88) : above);
        store(static_cast<T>(static_cast<double>(target) - sum), e[rows.targets[r] * rows.rows + r]);
    }
}

template <class T, class F>
void rowSums(const F *e, const T *rowScale, int64_t count, int64_t rows, bool further, T *out) {
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < count; ++v) {
        const F *row = e + v * rows;
        T sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t r = 0; r < rows; ++r)
            sum += load(row[r]) * rowScale[r];
        out[v] = further ? out[v] + sum : sum;
    }
}

template <class T, class F>
void scaleRows(const F *x, const T *rowScale, int64_t n, int64_t d, F *out) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < n; ++r)
#pragma omp simd
        for (int64_t i = 0; i < d; ++i)
            store(load(x[r * d + i]) * rowScale[r], out[r * d + i]);
}

// --- embeddings ------------------------------------------------------------------------------------------------------

template <class T>
void embeddingBackward(const T *dResid, const int32_t *tokens, int64_t n, int64_t length, int64_t d, T *dTokens,
                       T *dPositions) {
    constexpr int64_t block = 64; // columns a thread owns: two rows may hold the same token
#pragma omp parallel for schedule(static)
    for (int64_t first = 0; first < d; first += block) {
        const int64_t last = first + block < d ? first + block : d;
        for (int64_t r = 0; r < n; ++r) {
            const T *row = dResid + r * d;
            T *token = dTokens + tokens[r] * d, *position = dPositions + r % length * d;
#pragma omp simd
            for (int64_t i = first; i < last; ++i) {
                token[i] += row[i];
                position[i] += row[i];
            }
        }
    }
}

template <class T, class F>
constexpr StepKernels<T, F> table() {
    return {.toFactors = toFactors<T, F>,
            .layerNorm = layerNorm<T, F>,
            .layerNormBackward = layerNormBackward<T>,
            .biasRelu = biasRelu<T, F>,
            .reluBackward = reluBackward<T, F>,
            .addToResidual = addToResidual<T>,
            .dropoutBackward = dropoutBackward<T, F>,
            .attentionScratch = attentionScratch<T>,
            .attention = attention<T, F>,
            .attentionBackward = attentionBackward<T, F>,
            .raiseReference = raiseReference<T>,
            .exponentials = exponentials<T, F>,
            .finishLoss = finishLoss<T, F>,
            .rowSums = rowSums<T, F>,
            .scaleRows = scaleRows<T, F>,
            .embeddingBackward = embeddingBackward<T>};
}

} // namespace

extern const StepKernels<float, float> floatStepKernels;
extern const StepKernels<double, double> doubleStepKernels;
extern const StepKernels<float, BFloat16> bfloat16StepKernels;
const StepKernels<float, float> floatStepKernels = table<float, float>();
const StepKernels<double, double> doubleStepKernels = table<double, double>();
const StepKernels<float, BFloat16> bfloat16StepKernels = table<float, BFloat16>();

} // namespace tt::TT_ISA
