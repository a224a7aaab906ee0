#pragma once

#include "ui/values.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QSpinBox;
class QToolButton;

namespace tt {

class ElidedLabel;
class FactsRow;
class FrequentTokens;
class StaleVeil;
class TokenPreview;

/// A corpus as a tokenizer cuts it: counts above, stories with their tokens and the chosen token's facts at the left,
/// the most frequent tokens at the right. What belongs to other stories is veiled while the new ones are read.
class PreviewPane : public QWidget {
    Q_OBJECT
public:
    explicit PreviewPane(QWidget *parent = nullptr);

    /// Shows a corpus in a tokenizer's tokens: asks for its stories and counts unless it does already.
    void lookAt(const QString &corpus, const QString &tokenizer, qint64 stories);
    /// Answers that belong to something else are dropped.
    void setPreview(const StoryPreview &preview);
    void setCounts(const TokenCounts &counts);
    /// The next corpus to look at is asked for anew, even one of the same name.
    void forget();
    [[nodiscard]] TokenPreview *tokens() const { return view_; }

Q_SIGNALS:
    void previewRequested(const QString &corpus, const QString &tokenizer, qint64 first);
    void countsRequested(const QString &corpus, const QString &tokenizer, bool all);

private:
    QWidget *buildFacts();
    QWidget *buildPreview();
    QWidget *buildFrequent();
    void goTo(qint64 story);
    void showToken(int token);
    void showFacts();
    void veilLater();

    QString corpus_, tokenizer_;
    qint64 stories_ = 0;
    TokenCounts counts_;
    bool waitsForPreview_ = false, waitsForCounts_ = false;
    FactsRow *facts_, *token_;
    QPushButton *countAll_;
    QLabel *note_;
    ElidedLabel *of_;
    QToolButton *previous_, *next_;
    QSpinBox *story_;
    TokenPreview *view_;
    FrequentTokens *frequent_;
    StaleVeil *previewVeil_, *frequentVeil_;
};

} // namespace tt
