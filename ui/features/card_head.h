#pragma once

#include "core/features/feature_labels.h"

#include <QTimer>
#include <QWidget>

#include <optional>
#include <utility>

class QHBoxLayout;
class QLineEdit;
class QPushButton;
class QSpinBox;
class QToolButton;

namespace tt {

/// The head of the card: which feature, back and forward, star, Copy, Intervene, Trace; label and notes, which are
/// saved as typed.
class CardHead : public QWidget {
    Q_OBJECT
public:
    static constexpr int saveMilliseconds = 400; ///< after the last keystroke
    explicit CardHead(QWidget *parent = nullptr);

    void setRange(int layers, int features);
    /// Shows a feature with what is noted about it; what was being typed for another is saved first.
    void setFeature(std::optional<std::pair<int, int>> feature, const FeatureNote &note);
    void setHistory(bool back, bool forward);
    /// What is noted can be read, not changed.
    void setReadOnly(bool readOnly);
    /// Whether it fires in the prompt, so that it can be traced and intervened on; else why not.
    void setCanTrace(bool can, const QString &why);
    void toggleStar();
    void editLabel();
    /// Hands on at once what is still being typed.
    void flush();

Q_SIGNALS:
    void backRequested();
    void forwardRequested();
    void featureChosen(int layer, int feature);
    void traceRequested();
    void interveneRequested();
    void copyImageRequested();
    void copyTextRequested();
    void copyJsonRequested();
    void exportRequested();
    void exportAllRequested(bool packed);
    void noteEdited(int layer, int feature, const tt::FeatureNote &note);

private:
    void buildNavigation(QHBoxLayout *layout);
    void buildActions(QHBoxLayout *layout);
    void buildNote(QHBoxLayout *layout);
    void noteTyped();
    void showStar();

    std::optional<std::pair<int, int>> feature_;
    FeatureNote note_;
    bool readOnly_ = false;
    bool typed_ = false; ///< note_ has not been handed on yet
    QToolButton *back_, *forward_, *star_;
    QSpinBox *layerBox_, *featureBox_;
    QPushButton *copy_, *intervene_, *trace_;
    QLineEdit *label_, *notes_;
    QTimer save_;
};

} // namespace tt
