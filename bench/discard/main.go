// A server that answers as S3 does, and drops the bytes of every object as they come.
//
//	discard ADDRESS
//
// It keeps what clients ask for again: sizes as they were received, ETags, checksums as they were
// sent, metadata. It verifies neither signatures nor checksums: what it costs is reading a socket.
package main

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	checksumHeader = "X-Amz-Checksum-Crc32"
	metadataPrefix = "X-Amz-Meta-"
	bufferBytes    = 1 << 20
)

var buffers = sync.Pool{New: func() any { return new([bufferBytes]byte) }}

type object struct {
	size    int64
	etag    string
	crc32   string
	kept    http.Header
	written time.Time
}

type upload struct {
	key   string
	kept  http.Header
	parts map[int]object
}

type server struct {
	mutex   sync.Mutex
	last    int64
	objects map[string]object
	uploads map[string]*upload
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: discard ADDRESS")
	}
	s := &server{objects: map[string]object{}, uploads: map[string]*upload{}}
	log.Fatal(http.ListenAndServe(os.Args[1], s))
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ready" {
		return
	}
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	id := query.Get("uploadId")
	switch {
	case key == "":
		s.serveBucket(w, r)
	case r.Method == http.MethodPut && id != "":
		s.putPart(w, r, id, query.Get("partNumber"))
	case r.Method == http.MethodPut:
		s.putObject(w, r, key)
	case r.Method == http.MethodPost && query.Has("uploads"):
		s.createUpload(w, r, key)
	case r.Method == http.MethodPost && id != "":
		s.completeUpload(w, r, key, id)
	case r.Method == http.MethodGet && id != "":
		s.listParts(w, key, id)
	case r.Method == http.MethodHead:
		s.headObject(w, key)
	case r.Method == http.MethodDelete:
		s.remove(key, id)
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, r, http.StatusNotImplemented, "NotImplemented")
	}
}

func (s *server) serveBucket(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	switch {
	case r.Method == http.MethodGet && query.Has("uploads"):
		answer(w, "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>")
	case r.Method == http.MethodGet && query.Has("location"):
		answer(w, "<LocationConstraint/>")
	case r.Method == http.MethodGet:
		s.listObjects(w, query.Get("continuation-token"))
	case r.Method == http.MethodPost && query.Has("delete"):
		s.removeMany(w, r)
	default:
		// HEAD, and PUT of a bucket: there is one, of any name.
	}
}

func (s *server) putObject(w http.ResponseWriter, r *http.Request, key string) {
	received, err := s.receive(r)
	if err != nil {
		refuse(w, r, http.StatusBadRequest, "IncompleteBody")
		return
	}
	received.kept = keptOf(r.Header)
	if !s.store(key, received, r.Header.Get("If-None-Match") == "*") {
		refuse(w, r, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	tell(w, received)
}

func (s *server) createUpload(w http.ResponseWriter, r *http.Request, key string) {
	id := s.unique()
	s.mutex.Lock()
	s.uploads[id] = &upload{key: key, kept: keptOf(r.Header), parts: map[int]object{}}
	s.mutex.Unlock()
	answer(w, "<InitiateMultipartUploadResult><Key>%s</Key><UploadId>%s</UploadId></InitiateMultipartUploadResult>",
		escaped(key), id)
}

func (s *server) putPart(w http.ResponseWriter, r *http.Request, id, number string) {
	part, err := s.receive(r)
	partNumber, wrong := strconv.Atoi(number)
	if err != nil || wrong != nil {
		refuse(w, r, http.StatusBadRequest, "IncompleteBody")
		return
	}
	s.mutex.Lock()
	found := s.uploads[id]
	if found != nil {
		found.parts[partNumber] = part
	}
	s.mutex.Unlock()
	if found == nil {
		refuse(w, r, http.StatusNotFound, "NoSuchUpload")
		return
	}
	tell(w, part)
}

func (s *server) completeUpload(w http.ResponseWriter, r *http.Request, key, id string) {
	var named struct {
		Part []struct{ PartNumber int }
	}
	if err := xml.NewDecoder(r.Body).Decode(&named); err != nil {
		refuse(w, r, http.StatusBadRequest, "MalformedXML")
		return
	}
	s.mutex.Lock()
	found := s.uploads[id]
	whole := object{crc32: r.Header.Get(checksumHeader), written: time.Now()}
	missing := found == nil
	if found != nil {
		whole.kept = found.kept
		for _, part := range named.Part {
			sent, there := found.parts[part.PartNumber]
			missing = missing || !there
			whole.size += sent.size
		}
	}
	s.mutex.Unlock()
	if missing {
		refuse(w, r, http.StatusNotFound, "NoSuchUpload")
		return
	}
	whole.etag = fmt.Sprintf("%s-%d", s.unique(), len(named.Part))
	if !s.store(key, whole, r.Header.Get("If-None-Match") == "*") {
		refuse(w, r, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	s.mutex.Lock()
	delete(s.uploads, id)
	s.mutex.Unlock()
	bucket, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	answer(w, "<CompleteMultipartUploadResult><Location>http://%s/%s</Location><Bucket>%s</Bucket><Key>%s</Key><ETag>&#34;%s&#34;</ETag></CompleteMultipartUploadResult>",
		r.Host, escaped(bucket+"/"+key), bucket, escaped(key), whole.etag)
}

func (s *server) listParts(w http.ResponseWriter, key, id string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	found := s.uploads[id]
	if found == nil {
		refuse(w, nil, http.StatusNotFound, "NoSuchUpload")
		return
	}
	var list strings.Builder
	for _, number := range sortedKeys(found.parts) {
		part := found.parts[number]
		fmt.Fprintf(&list, "<Part><PartNumber>%d</PartNumber><ETag>&#34;%s&#34;</ETag><Size>%d</Size></Part>",
			number, part.etag, part.size)
	}
	answer(w, "<ListPartsResult><Key>%s</Key><UploadId>%s</UploadId><IsTruncated>false</IsTruncated>%s</ListPartsResult>",
		escaped(key), id, list.String())
}

func (s *server) headObject(w http.ResponseWriter, key string) {
	s.mutex.Lock()
	found, there := s.objects[key]
	s.mutex.Unlock()
	if !there {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	for name, values := range found.kept {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.FormatInt(found.size, 10))
	w.Header().Set("Last-Modified", found.written.UTC().Format(http.TimeFormat))
	tell(w, found)
}

// A thousand keys a page, as S3 gives them; the token is the last key.
func (s *server) listObjects(w http.ResponseWriter, after string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	keys := sortedKeys(s.objects)
	from, _ := slices.BinarySearch(keys, after+"\x00")
	keys = keys[from:]
	truncated := len(keys) > 1000
	next := ""
	if truncated {
		keys = keys[:1000]
		next = "<NextContinuationToken>" + escaped(keys[999]) + "</NextContinuationToken>"
	}
	var list strings.Builder
	for _, key := range keys {
		found := s.objects[key]
		fmt.Fprintf(&list, "<Contents><Key>%s</Key><Size>%d</Size><ETag>&#34;%s&#34;</ETag><LastModified>%s</LastModified></Contents>",
			escaped(key), found.size, found.etag, found.written.UTC().Format(time.RFC3339))
	}
	answer(w, "<ListBucketResult><KeyCount>%d</KeyCount><IsTruncated>%t</IsTruncated>%s%s</ListBucketResult>",
		len(keys), truncated, next, list.String())
}

func (s *server) removeMany(w http.ResponseWriter, r *http.Request) {
	var named struct {
		Object []struct{ Key string }
	}
	if err := xml.NewDecoder(r.Body).Decode(&named); err != nil {
		refuse(w, r, http.StatusBadRequest, "MalformedXML")
		return
	}
	for _, object := range named.Object {
		s.remove(object.Key, "")
	}
	answer(w, "<DeleteResult/>")
}

func (s *server) remove(key, uploadID string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if uploadID != "" {
		delete(s.uploads, uploadID)
	} else {
		delete(s.objects, key)
	}
}

func (s *server) store(key string, stored object, absent bool) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, taken := s.objects[key]; taken && absent {
		return false
	}
	s.objects[key] = stored
	return true
}

// 32 hexadecimal digits, as an MD5 has: an ETag or an id. Some readers take one that is all decimal
// for a number.
func (s *server) unique() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.last++
	return fmt.Sprintf("f%031x", s.last)
}

// Reads a body to its end and counts its bytes.
func (s *server) receive(r *http.Request) (object, error) {
	read := drain
	if strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		read = drainChunks
	}
	size, err := read(r.Body)
	if err == nil && r.ContentLength >= 0 && size > r.ContentLength {
		err = errors.New("more bytes than were announced")
	}
	return object{size: size, etag: s.unique(), crc32: r.Header.Get(checksumHeader), written: time.Now()}, err
}

func drain(body io.Reader) (int64, error) {
	buffer := buffers.Get().(*[bufferBytes]byte)
	defer buffers.Put(buffer)
	var size int64
	for {
		count, err := body.Read(buffer[:])
		size += int64(count)
		if err == io.EOF {
			return size, nil
		}
		if err != nil {
			return size, err
		}
	}
}

// Of a body in chunks with signatures or a trailer, only the bytes of the object count.
func drainChunks(body io.Reader) (int64, error) {
	reader := bufio.NewReaderSize(body, bufferBytes)
	var size int64
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return size, err
		}
		digits, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		length, err := strconv.ParseInt(digits, 16, 64)
		if err != nil {
			return size, err
		}
		if length == 0 {
			_, err = drain(reader)
			return size, err
		}
		if _, err = reader.Discard(int(length) + 2); err != nil {
			return size, err
		}
		size += length
	}
}

func keptOf(sent http.Header) http.Header {
	kept := http.Header{}
	for name, values := range sent {
		if strings.HasPrefix(name, metadataPrefix) || name == "Content-Type" {
			kept[name] = values
		}
	}
	return kept
}

func tell(w http.ResponseWriter, stored object) {
	w.Header().Set("ETag", `"`+stored.etag+`"`)
	if stored.crc32 != "" {
		w.Header().Set(checksumHeader, stored.crc32)
	}
}

func answer(w http.ResponseWriter, format string, values ...any) {
	w.Header().Set("Content-Type", "application/xml")
	fmt.Fprint(w, xml.Header)
	fmt.Fprintf(w, format, values...)
}

func refuse(w http.ResponseWriter, r *http.Request, status int, code string) {
	if r != nil {
		_, _ = drain(r.Body)
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "%s<Error><Code>%s</Code><Message>%s</Message></Error>", xml.Header, code, code)
}

func escaped(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text))
	return out.String()
}

func sortedKeys[K int | string, V any](of map[K]V) []K {
	keys := make([]K, 0, len(of))
	for key := range of {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
