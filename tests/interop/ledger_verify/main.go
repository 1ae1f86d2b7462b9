// Checks a ledger's texts with other people's code: golang.org/x/mod/sumdb/note and tlog, as Debian packages them.
// Reads cases from standard input, one a line, fields apart by one blank, bytes in base64 ("-" for none), and answers
// each with a line "ok", "ok <text>" or "refused: <why>".
//
//	note VKEY NOTE                                   the note opens with this key alone
//	record SIZE ROOT INDEX ENTRY HASH,HASH...        ENTRY is record INDEX of the tree
//	tree SIZE ROOT OLDSIZE OLDROOT HASH,HASH...      the old tree is a prefix of the tree
//	proof VKEY ENTRY TLOGPROOF                       a whole c2sp.org/tlog-proof@v1 file
//	bundle VKEY BUNDLE                               a whole holdfast-evidence@1 file, with its event if it has one
//	tile LEVEL INDEX WIDTH                           answers "ok <path>"
//	sign NAME TEXT                                   answers "ok <vkey> <note>", signed by a new key
package main

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var errCase = errors.New("malformed case")

func decode(text string) ([]byte, error) {
	if text == "-" {
		return nil, nil
	}
	return base64.StdEncoding.DecodeString(text)
}

func hashes(text string) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, part := range strings.Split(text, ",") {
		if part == "-" || part == "" {
			continue
		}
		hash, err := tlog.ParseHash(part)
		if err != nil {
			return nil, err
		}
		if hash.String() != part { // Go takes unused bits that are set
			return nil, errors.New("not canonical base64")
		}
		list = append(list, hash)
	}
	return list, nil
}

func open(vkey string, text []byte) (*note.Note, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	return note.Open(text, note.VerifierList(verifier))
}

func checkNote(f []string) (string, error) {
	text, err := decode(f[1])
	if err != nil {
		return "", err
	}
	opened, err := open(f[0], text)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString([]byte(opened.Text)), nil
}

func checkRecord(f []string) (string, error) {
	size, err1 := strconv.ParseInt(f[0], 10, 64)
	root, err2 := tlog.ParseHash(f[1])
	index, err3 := strconv.ParseInt(f[2], 10, 64)
	entry, err4 := decode(f[3])
	proof, err5 := hashes(f[4])
	for _, err := range []error{err1, err2, err3, err4, err5} {
		if err != nil {
			return "", err
		}
	}
	return "", tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(entry))
}

func checkTree(f []string) (string, error) {
	size, err1 := strconv.ParseInt(f[0], 10, 64)
	root, err2 := tlog.ParseHash(f[1])
	oldSize, err3 := strconv.ParseInt(f[2], 10, 64)
	oldRoot, err4 := tlog.ParseHash(f[3])
	proof, err5 := hashes(f[4])
	for _, err := range []error{err1, err2, err3, err4, err5} {
		if err != nil {
			return "", err
		}
	}
	return "", tlog.CheckTree(proof, size, root, oldSize, oldRoot)
}

func checkProof(f []string) (string, error) {
	entry, err1 := decode(f[1])
	text, err2 := decode(f[2])
	if err1 != nil || err2 != nil {
		return "", errCase
	}
	head, checkpoint, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return "", errors.New("not a tlog-proof")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return "", errors.New("no index")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return "", err
	}
	path, err := hashes(strings.Join(lines[1:], ","))
	if err != nil {
		return "", err
	}
	opened, err := open(f[0], []byte(checkpoint))
	if err != nil {
		return "", err
	}
	body := strings.Split(opened.Text, "\n") // origin, size, root
	if len(body) < 4 || body[0] != opened.Sigs[0].Name {
		return "", errors.New("not a checkpoint of this log")
	}
	size, err1 := strconv.ParseInt(body[1], 10, 64)
	root, err2 := tlog.ParseHash(body[2])
	if err1 != nil || err2 != nil {
		return "", errors.New("not a checkpoint")
	}
	return "", tlog.CheckRecord(path, size, root, index, tlog.RecordHash(entry))
}

type segment struct {
	Segment string
	Events  int64
	Root    string
}

func checkBundle(f []string) (string, error) {
	text, err := decode(f[1])
	if err != nil {
		return "", err
	}
	var bundle struct {
		Format, Key, Entry, Proof string
		Event                     *struct {
			Line     string
			Position int64
			Path     []string
		}
	}
	if err := json.Unmarshal(text, &bundle); err != nil {
		return "", err
	}
	if bundle.Format != "holdfast-evidence@1" || bundle.Key != f[0] {
		return "", errors.New("not a bundle of this log")
	}
	encode := base64.StdEncoding.EncodeToString
	if _, err := checkProof([]string{f[0], encode([]byte(bundle.Entry)), encode([]byte(bundle.Proof))}); err != nil {
		return "", err
	}
	if bundle.Event == nil {
		return "", nil
	}
	var entry struct{ Data segment }
	if err := json.Unmarshal([]byte(bundle.Entry), &entry); err != nil {
		return "", err
	}
	root, err := hex.DecodeString(entry.Data.Root)
	if err != nil || len(root) != tlog.HashSize {
		return "", errors.New("the entry has no segment")
	}
	path, err := hashes(strings.Join(bundle.Event.Path, ","))
	if err != nil {
		return "", err
	}
	var at tlog.Hash
	copy(at[:], root)
	return "", tlog.CheckRecord(path, entry.Data.Events, at, bundle.Event.Position, tlog.RecordHash([]byte(bundle.Event.Line)))
}

func tilePath(f []string) (string, error) {
	level, err1 := strconv.Atoi(f[0])
	index, err2 := strconv.ParseInt(f[1], 10, 64)
	width, err3 := strconv.Atoi(f[2])
	if err1 != nil || err2 != nil || err3 != nil {
		return "", errCase
	}
	// Go's path names the height, which C2SP fixes at 8 and leaves out.
	path := tlog.Tile{H: 8, L: level, N: index, W: width}.Path()
	return "tile/" + strings.TrimPrefix(path, "tile/8/"), nil
}

func sign(f []string) (string, error) {
	text, err := decode(f[1])
	if err != nil {
		return "", err
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, f[0])
	if err != nil {
		return "", err
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return "", err
	}
	signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
	return vkey + " " + base64.StdEncoding.EncodeToString(signed), err
}

var verbs = map[string]struct {
	fields int
	run    func([]string) (string, error)
}{
	"note": {2, checkNote}, "record": {5, checkRecord}, "tree": {5, checkTree},
	"proof": {3, checkProof}, "bundle": {2, checkBundle}, "tile": {3, tilePath}, "sign": {2, sign},
}

func answer(line string) (string, error) {
	fields := strings.Split(line, " ")
	verb, known := verbs[fields[0]]
	if !known || len(fields) != verb.fields+1 {
		return "", errCase
	}
	return verb.run(fields[1:])
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<24)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	for input.Scan() {
		text, err := answer(input.Text())
		if err != nil {
			fmt.Fprintf(output, "refused: %s\n", strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Fprintln(output, strings.TrimSpace("ok "+text))
		}
	}
}
