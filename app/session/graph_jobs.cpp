#include "app/session/graph_jobs.h"

#include "core/circuits/graph_export.h"
#include "core/io/file.h"

#include <algorithm>
#include <cmath>

namespace tt {

namespace {
constexpr int verifiedSamples = 100;
constexpr uint64_t verificationSeed = 1;
enum { Quick, Long }; // workers
} // namespace

GraphJobs::GraphJobs(QObject *parent)
    : QObject(parent), requests_({Quick, Quick, Quick, Quick, Quick, Long, Long, Long, Quick, Quick, Long}, this) {
    connect(&requests_, &Requests::failed, this, &GraphJobs::fail);
}

void GraphJobs::fail(int kind, const QString &why) {
    if (kind == Trace) {
        tracing_ = false;
        Q_EMIT traceEnded();
    }
    Q_EMIT failed(why);
}

void GraphJobs::setModel(std::shared_ptr<const ExplainedModel> model) {
    for (int kind = 0; kind < Kinds; ++kind)
        if (kind != Export && kind != Save && kind != Open && kind != List)
            requests_.stop(kind);
    model_ = std::move(model);
    notes_.clear();
    tracing_ = false;
    trace_.reset();
    shown_.reset();
    laidOut_.reset();
}

bool GraphJobs::setNotes(FeatureNotes notes) {
    const auto labelIn = [](const FeatureNotes &of, const Node &node) {
        const auto found = of.find({node.layer, node.id});
        return found == of.end() ? std::string() : found->second.label;
    };
    const bool changed =
        trace_ && !tracing_ &&
        std::any_of(trace_->attribution.nodes.begin(), trace_->attribution.nodes.end(), [&](const Node &node) {
            return node.kind == NodeKind::Feature && labelIn(notes_, node) != labelIn(notes, node);
        });
    notes_ = std::move(notes);
    return changed;
}

void GraphJobs::show(const std::shared_ptr<const TracedGraph> &graph) {
    shown_ = graph;
    if (graph->newLayout)
        laidOut_ = graph;
    Q_EMIT traced(*graph);
}

void GraphJobs::trace(const QString &text, const TraceSettings &settings, const GraphAnnotations &annotations,
                      bool large) {
    if (!model_) {
        Q_EMIT traceEnded();
        return;
    }
    tracing_ = true;
    requests_.post(Trace,
                   [this, prompt = text.toStdString(), settings, annotations, large, notes = notes_,
                    model = model_](const std::stop_token &token) -> Answer {
                       PreparedPrompt prepared = preparePrompt(*model, prompt, settings.targets);
                       if (prepared.bytes > askAboveBytes && !large)
                           return [this, bytes = prepared.bytes] {
                               tracing_ = false;
                               Q_EMIT traceEnded();
                               Q_EMIT tooLarge(bytes);
                           };
                       const auto trace = tracePrepared(*model, std::move(prepared), token);
                       const auto graph = std::make_shared<const TracedGraph>(
                           tt::arrange(*model, *trace, settings.prune, annotations, notes, nullptr, token));
                       return [this, trace, graph, notes] {
                           tracing_ = false;
                           trace_ = trace;
                           show(graph);
                           if (notes != notes_) // features were named meanwhile
                               arrange(graph->graph.settings, graph->annotations);
                       };
                   });
}

void GraphJobs::arrange(const PruneSettings &prune, const GraphAnnotations &annotations, bool anew) {
    if (!trace_)
        return;
    requests_.post(Trace,
                   [this, prune, annotations, notes = notes_, model = model_, trace = trace_,
                    laidOut = anew ? nullptr : laidOut_](const std::stop_token &token) -> Answer {
                       const auto graph = std::make_shared<const TracedGraph>(
                           tt::arrange(*model, *trace, prune, annotations, notes, laidOut.get(), token));
                       return [this, graph] { show(graph); };
                   });
}

void GraphJobs::cancelTrace() {
    requests_.stop(Trace);
    tracing_ = false;
    Q_EMIT traceEnded();
}

void GraphJobs::split(const SplitRequest &wanted) {
    if (!trace_)
        return;
    requests_.post(Split, [this, wanted, model = model_, trace = trace_](const std::stop_token &token) -> Answer {
        const TracedPrompt<float> inputs = trace->inputs(*model);
        EdgeSplit sum;
        const std::vector<Node> sources = wanted.sources;
        for (const Node &target : wanted.targets) {
            for (size_t s = 0; s < std::max<size_t>(sources.size(), 1); ++s) {
                throwIfStopped(token);
                addSplit(sum, sources.empty() ? splitInputs(inputs, target) : splitEdge(inputs, sources[s], target));
            }
        }
        return [this, wanted, sum] { Q_EMIT splitFound(wanted, sum); };
    });
}

void GraphJobs::readPattern(const PatternRequest &wanted) {
    if (!trace_)
        return;
    requests_.post(Pattern, [this, wanted, trace = trace_](const std::stop_token &) -> Answer {
        const auto length = std::ssize(trace->read.ids);
        const std::vector<float> &all = trace->read.activations.blocks.at(static_cast<size_t>(wanted.layer)).attention;
        const auto first = all.begin() + wanted.head * length * length;
        return [this, wanted, pattern = std::vector<float>(first, first + length * length)] {
            Q_EMIT patternRead(wanted, pattern);
        };
    });
}

void GraphJobs::findPaths(const PathsRequest &wanted) {
    if (!trace_)
        return;
    requests_.post(Paths, [this, wanted, model = model_, trace = trace_](const std::stop_token &token) -> Answer {
        std::vector<Node> targets = wanted.targets;
        const Attribution<float> &attribution = trace->attribution;
        if (targets.empty())
            for (const int row : attribution.targetRows)
                targets.push_back(
                    attribution.nodes[static_cast<size_t>(attribution.rowNode[static_cast<size_t>(row)])]);
        std::vector<GreedyPath> found;
        for (const Node &target : targets)
            for (GreedyPath &path : greedyPaths(trace->inputs(*model), target, wanted.settings, token))
                found.push_back(std::move(path));
        std::stable_sort(found.begin(), found.end(), [](const GreedyPath &a, const GreedyPath &b) {
            return std::abs(a.contribution) > std::abs(b.contribution);
        });
        return [this, found] { Q_EMIT pathsFound(found); };
    });
}

void GraphJobs::propose() {
    if (!shown_)
        return;
    requests_.post(Proposals, [this, graph = shown_](const std::stop_token &) -> Answer {
        return [this, proposals = proposeSupernodes(graph->graph)] { Q_EMIT proposed(proposals); };
    });
}

void GraphJobs::cancelVerification() {
    requests_.stop(Verify);
}

void GraphJobs::verify() {
    if (!trace_)
        return;
    requests_.post(Verify, [this, model = model_, trace = trace_](const std::stop_token &token) -> Answer {
        const Verification result = verifyTrace(*model, *trace, verifiedSamples, verificationSeed, token);
        return [this, result] { Q_EMIT verified(result); };
    });
}

void GraphJobs::exportGraph(const ExportRequest &wanted) {
    if (!shown_)
        return;
    requests_.postKept(Export, [this, wanted, graph = shown_](const std::stop_token &) -> Answer {
        tt::exportGraph(withoutKinds(*graph, wanted.hiddenKinds), std::filesystem::path(wanted.file.toStdString()),
                        {.scale = wanted.scale});
        return [this, file = wanted.file] { Q_EMIT exported(file); };
    });
}

void GraphJobs::save(const Workspace &workspace, const QString &name) {
    if (!shown_)
        return;
    requests_.postKept(Save, [this, workspace, name, graph = shown_](const std::stop_token &) -> Answer {
        saveGraph(workspace, *graph, name.toStdString());
        return [this, name] { Q_EMIT saved(name); };
    });
}

void GraphJobs::open(const Workspace &workspace, const QString &name) {
    open(workspace, [workspace, name] { return loadGraph(workspace, name.toStdString()); });
}

void GraphJobs::openFile(const Workspace &workspace, const QString &file) {
    open(workspace, [file] { return loadGraphFile(file.toStdString()); });
}

void GraphJobs::open(const Workspace &workspace, const std::function<SavedGraph()> &load) {
    requests_.post(Open, [this, workspace, load, model = model_](const std::stop_token &) -> Answer {
        SavedGraph graph = load();
        const bool isOpen = model && model->transcoderSha256 == graph.transcoderSha256 &&
                            model->transcoder.config.gptSha256 == graph.gptSha256;
        const auto name = isOpen ? model->transcoderName : transcoderOf(graph, workspace);
        if (!name)
            return [this, graph] { Q_EMIT absent(graph); };
        graph.transcoder = *name;
        return [this, graph] { Q_EMIT opened(graph); };
    });
}

void GraphJobs::list(const Workspace &workspace) {
    requests_.post(List, [this, workspace](const std::stop_token &) -> Answer {
        QStringList names;
        for (const std::string &name : workspace.graphs())
            names << QString::fromStdString(name);
        return [this, names] { Q_EMIT listed(names); };
    });
}

void GraphJobs::compare(const Workspace &workspace, const CompareRequest &wanted) {
    if (!trace_)
        return;
    requests_.post(
        Compare,
        [this, workspace, wanted, model = model_, trace = trace_,
         shown = shown_](const std::stop_token &token) -> Answer {
            const std::string name = wanted.transcoder.toStdString();
            const auto other = name == model->transcoderName ? model : loadExplainedModel(workspace, name, token);
            const auto otherTrace = tracePrompt(*other, wanted.prompt.toStdString(), trace->read.targets, token);
            const FeatureNotes notes = readFeatureLabels(workspace.transcoder(name)).notes;
            ComparedGraph out{tt::arrange(*other, *otherTrace, shown->graph.settings, {}, notes, nullptr, token), {}};
            const AttributionGraph &own = shown->ungrouped.nodes.empty() ? shown->graph : shown->ungrouped;
            out.comparison = compareGraphs(trace->attribution, own, otherTrace->attribution, out.graph.graph,
                                           own.transcoderSha256 == out.graph.graph.transcoderSha256);
            return [this, out] { Q_EMIT compared(out); };
        });
}

} // namespace tt
