// Renders the templates of a chart as Helm does: Go's text/template, sprig, and Helm's own few functions.
//
// In (JSON on standard input): the objects templates see, the text of each template by name, and what is installed already (for lookup).
// Out (JSON on standard output): the rendered files by name, or the error.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
)

type input struct {
	Values       map[string]interface{}            `json:"values"`
	Release      map[string]interface{}            `json:"release"`
	Chart        map[string]interface{}            `json:"chart"`
	Capabilities map[string]interface{}            `json:"capabilities"`
	Templates    map[string]string                 `json:"templates"`
	Installed    map[string]map[string]interface{} `json:"installed"`
}

type output struct {
	Files map[string]string `json:"files,omitempty"`
	Error string            `json:"error,omitempty"`
}

func main() {
	var in input
	var out output
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		out.Error = "input: " + err.Error()
	} else if files, err := render(in); err != nil {
		out.Error = err.Error()
	} else {
		out.Files = files
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func render(in input) (map[string]string, error) {
	root := template.New("chart").Option("missingkey=zero")
	root.Funcs(functions(root, in.Installed))
	for _, name := range names(in.Templates) {
		if _, err := root.New(name).Parse(in.Templates[name]); err != nil {
			return nil, err
		}
	}
	files := map[string]string{}
	for _, name := range names(in.Templates) {
		if strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		data := map[string]interface{}{
			"Values":       in.Values,
			"Release":      in.Release,
			"Chart":        in.Chart,
			"Capabilities": in.Capabilities,
			"Template":     map[string]interface{}{"Name": name, "BasePath": path.Dir(name)},
		}
		var text bytes.Buffer
		if err := root.ExecuteTemplate(&text, name, data); err != nil {
			return nil, err
		}
		// Helm prints nothing for what is missing; here it is an oversight.
		if strings.Contains(text.String(), "<no value>") {
			return nil, fmt.Errorf("%s prints a value that does not exist", name)
		}
		files[name] = text.String()
	}
	return files, nil
}

func functions(root *template.Template, installed map[string]map[string]interface{}) template.FuncMap {
	all := sprig.TxtFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(all, name) // Helm has not got them.
	}
	all["include"] = func(name string, data interface{}) (string, error) {
		var text bytes.Buffer
		err := root.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	all["tpl"] = func(text string, data interface{}) (string, error) {
		clone, err := root.Clone()
		if err != nil {
			return "", err
		}
		parsed, err := clone.New("tpl").Parse(text)
		if err != nil {
			return "", err
		}
		var result bytes.Buffer
		err = parsed.Execute(&result, data)
		return result.String(), err
	}
	all["required"] = func(message string, value interface{}) (interface{}, error) {
		if text, isText := value.(string); value == nil || isText && text == "" {
			return nil, errors.New(message)
		}
		return value, nil
	}
	all["lookup"] = func(version, kind, namespace, name string) map[string]interface{} {
		if found, here := installed[strings.Join([]string{version, kind, namespace, name}, "/")]; here {
			return found
		}
		return map[string]interface{}{}
	}
	all["toYaml"] = func(value interface{}) string {
		return strings.TrimSuffix(yaml(value, ""), "\n")
	}
	return all
}

// Block style, keys in order, strings always quoted: more quotes than Helm's, the same indentation.
func yaml(value interface{}, indent string) string {
	var text strings.Builder
	switch v := value.(type) {
	case map[string]interface{}:
		if len(v) == 0 {
			return indent + "{}\n"
		}
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		for _, key := range keys {
			if nested(v[key]) {
				text.WriteString(indent + scalar(key) + ":\n" + yaml(v[key], indent+"  "))
			} else {
				text.WriteString(indent + scalar(key) + ": " + scalar(v[key]) + "\n")
			}
		}
	case []interface{}:
		if len(v) == 0 {
			return indent + "[]\n"
		}
		for _, item := range v {
			if nested(item) {
				text.WriteString(indent + "- " + strings.TrimPrefix(yaml(item, indent+"  "), indent+"  "))
			} else {
				text.WriteString(indent + "- " + scalar(item) + "\n")
			}
		}
	default:
		return indent + scalar(v) + "\n"
	}
	return text.String()
}

func nested(value interface{}) bool {
	switch v := value.(type) {
	case map[string]interface{}:
		return len(v) > 0
	case []interface{}:
		return len(v) > 0
	}
	return false
}

// JSON is YAML.
func scalar(value interface{}) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf("%v", value)
	}
	return string(text)
}

func names(templates map[string]string) []string {
	all := make([]string, 0, len(templates))
	for name := range templates {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}
